"""A small HTTP server, for receivers and stores that must cost next to nothing beside what is measured."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from subprocess import PIPE, Popen
from typing import Any


class Served:
    """Answers each connection in a thread of its own; a subclass says what."""

    def answer(self, method: str, target: str, body: bytes) -> bytes:
        """The whole answer, from its first line on."""
        raise NotImplementedError

    def serve(self) -> None:
        """Print the port, then answer for ever."""
        with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
            print(server.getsockname()[1], flush=True)
            while True:
                connection, _ = server.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while first := stream.readline().decode():
                body = stream.read(int(_headers(stream).get("content-length", "0")))
                method, target, _ = first.split(" ", 2)
                connection.sendall(self.answer(method, target, body))


def ok(body: bytes, *more: bytes) -> bytes:
    lines = (b"HTTP/1.1 200 OK", b"Content-Type: application/json", *more, b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@contextmanager
def running(command: list[str]) -> Iterator[str]:
    """The address of a server in a process of its own, while it runs."""
    with Popen(command, stdout=PIPE, text=True) as process:
        port = process.stdout.readline() if process.stdout else ""
        try:
            yield f"http://127.0.0.1:{int(port)}"
        finally:
            process.terminate()


def _headers(stream: Any) -> Mapping[str, str]:
    found = {}
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(":")
        found[name.lower()] = value.strip()
    return found
