"""Requests and responses as they cross the wire, and the log of them."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, BinaryIO
from urllib.parse import parse_qsl

JSON = "application/json"
Json = dict[str, Any]
LOGGED = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    head_bytes: int

    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class RequestLog:
    """The last requests, and how many there were by route; `{id}` stands for any id."""

    def __init__(self) -> None:
        self.recent: deque[Request] = deque(maxlen=LOGGED)
        self.counts: Counter[str] = Counter()
        self._lock = Lock()

    def add(self, request: Request) -> None:
        parts = request.path.split("/")
        if len(parts) > 3:
            parts[3] = "{id}"
        with self._lock:
            self.recent.append(request)
            self.counts[f"{request.method} {'/'.join(parts)}"] += 1

    @property
    def total(self) -> int:
        return self.counts.total()

    def clear(self) -> None:
        with self._lock:
            self.recent.clear()
            self.counts.clear()


def read_request(stream: BinaryIO) -> Request | None:
    """The next request of the connection; None when the caller has gone."""
    line = stream.readline(65_537)
    if not line.strip():
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers, size = _read_headers(stream)
    path, _, query = target.partition("?")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _read_chunks(stream)
    else:
        body = stream.read(int(headers.get("content-length", 0)))
    return Request(method, path, query, headers, body, len(line) + size)


def _read_headers(stream: BinaryIO) -> tuple[dict[str, str], int]:
    headers, size = {}, 0
    while (line := stream.readline(65_537)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
        size += len(line)
    return headers, size


def _read_chunks(stream: BinaryIO) -> bytes:
    chunks = []
    while size := int(stream.readline().split(b";")[0], 16):
        chunks.append(stream.read(size))
        stream.readline()
    _read_headers(stream)
    return b"".join(chunks)
