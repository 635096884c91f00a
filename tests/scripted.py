"""A server on loopback that gives prepared answers, one after the other, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Prepared:
    """`status` None hangs up without a word."""

    status: int | None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Scripted:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    script: list[Prepared] = field(default_factory=list)

    def say(self, status: int | None, body: Any = None, times: int = 1, **headers: str) -> None:
        """The next answers; `headers` with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.script += [Prepared(status, body, named)] * times


def in_seconds(seconds: float) -> str:
    return formatdate(time() + seconds, usegmt=True)


@contextmanager
def scripted() -> Iterator[Scripted]:
    told = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts, length = urlsplit(self.path), int(self.headers.get("Content-Length", 0))
            query, body = dict(parse_qsl(parts.query)), self.rfile.read(length)
            told.asked.append(Asked(self.command, parts.path, query, dict(self.headers), body))
            answer = told.script.pop(0)
            if answer.status is None:
                self.close_connection = True
                return
            raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
