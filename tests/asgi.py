"""Calling a web application without a server between: odd paths, headers and bodies arrive as they are."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    path: str
    method: str = "POST"
    headers: Iterable[tuple[bytes, bytes]] = ()
    chunks: Iterable[bytes] = (b"",)


@dataclass
class Answer:
    """`taken` is how many bytes of the body were asked for."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    taken: int = 0


async def call(app: Any, one: Call) -> Answer:
    answer = Answer()
    chunks = iter(one.chunks)
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        chunk = next(chunks, None)
        sent = chunk is None
        answer.taken += len(chunk or b"")
        return {"type": "http.request", "body": chunk or b"", "more_body": not sent}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": one.method,
        "scheme": "http",
        "path": one.path,
        "raw_path": one.path.encode("utf-8", "replace"),
        "query_string": b"",
        "root_path": "",
        "headers": list(one.headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return answer


def ask(app: Any, *calls: Call) -> list[Answer]:
    """All at once."""

    async def together() -> list[Answer]:
        return list(await asyncio.gather(*(call(app, one) for one in calls)))

    return asyncio.run(together())
