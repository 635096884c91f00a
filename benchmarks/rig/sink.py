"""A receiver in a process of its own: it answers 200, at once or after a while, and counts what arrived.

What came is unpacked only when someone asks for the count, so that counting slows nobody down.
"""

import gzip
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

import requests

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"success":true}'


@contextmanager
def sink(delay: float) -> Iterator[str]:
    """Its address, while it runs. `delay` in seconds comes before each answer."""
    with Popen([sys.executable, "-m", __name__, str(delay)], stdout=PIPE, text=True) as process:
        port = process.stdout.readline() if process.stdout else ""
        yield f"http://127.0.0.1:{int(port)}"
        process.terminate()


def arrived(url: str) -> int:
    """Different messages since the last time this was asked."""
    return int(requests.get(f"{url}/arrived", timeout=120).text)


class Sink:
    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._bodies: list[bytes] = []

    def serve(self) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
            print(server.getsockname()[1], flush=True)
            while True:
                connection, _ = server.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while first := stream.readline():
                headers = dict(_headers(stream))
                body = stream.read(int(headers.get("content-length", "0")))
                connection.sendall(self._answer(first.decode(), body))

    def _answer(self, first: str, body: bytes) -> bytes:
        if "/arrived" in first:
            told = str(self._count()).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told)
        time.sleep(self._delay)
        self._bodies.append(body)
        return ANSWER

    def _count(self) -> int:
        bodies, self._bodies = self._bodies, []
        packed = [gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for body in bodies]
        return len({message["messageId"] for body in packed for message in json.loads(body)["batch"]})


def _headers(stream: object) -> Iterator[tuple[str, str]]:
    while (line := stream.readline().decode()).strip():  # type: ignore[attr-defined]
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


if __name__ == "__main__":
    Sink(float(sys.argv[1])).serve()
