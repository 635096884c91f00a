"""Many webhooks at a door: at a steady rate, whatever becomes of earlier ones, or as fast as it takes them.

At a steady rate a request is timed from when it was due, so that a door that stalls is not let off the
requests that piled up meanwhile.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

AGAIN = 0.5  # seconds


@dataclass(slots=True)
class Knocks:
    """`seconds` from the first request to the last answer; `waits` in seconds, one for each request."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1_000


def knock(
    url: str, secret: str, bodies: Iterable[bytes], *, per_second: float | None = None, connections: int = 32
) -> Knocks:
    """All of them; without `per_second` as fast as so many connections are answered."""
    return asyncio.run(_knock(url, secret, iter(bodies), per_second, connections))


async def _knock(
    url: str, secret: str, bodies: Iterator[bytes], per_second: float | None, connections: int
) -> Knocks:
    knocks, begun = Knocks(), time.perf_counter()
    head = _head(url, secret)
    dues = (begun + number / per_second if per_second else 0.0 for number in range(10**9))
    work = zip(bodies, dues, strict=False)
    await asyncio.gather(*(_caller(url, head, work, knocks) for _ in range(connections)))
    knocks.seconds = time.perf_counter() - begun
    return knocks


async def _caller(url: str, head: bytes, work: Iterator[tuple[bytes, float]], knocks: Knocks) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    for body, due in work:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        begun = due or time.perf_counter()
        status = 0
        while status in (0, 503):  # such a one is sent again, as a store does
            if status:
                await asyncio.sleep(AGAIN)
            writer.write(head % len(body) + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(answer))
            status = int(answer[9:12])
            knocks.statuses[status] += 1
        knocks.waits.append(time.perf_counter() - begun)
    writer.close()


def _head(url: str, secret: str) -> bytes:
    parts = urlsplit(url)
    return (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"X-MOLTIN-SECRET-KEY: {secret}\r\nContent-Length: %d\r\n\r\n"
    ).encode()


def _length(answer: bytes) -> int:
    for line in answer.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
