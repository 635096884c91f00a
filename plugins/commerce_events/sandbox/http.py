"""A small HTTP/1.1 server on loopback: keep-alive, faults on demand, a log of what was asked.

Not `http.server`: its header parsing costs more than our answers do, and resets need the raw socket.
"""

import socket
import socketserver
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from threading import Thread
from traceback import format_exc
from types import TracebackType
from typing import Self

from commerce_events.sandbox.faults import HTML, Fault, Faults
from commerce_events.sandbox.wire import Request, RequestLog, Response, read_request


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int, stand_in: "StandIn") -> None:
        self.stand_in = stand_in
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Connection)

    def shutdown_request(self, request: object) -> None:
        """Only close: the parent's shutdown would send FIN where a reset is wanted."""
        if isinstance(request, socket.socket):
            request.close()


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.connections.add(connection)
        stream = connection.makefile("rb")
        try:
            while request := read_request(stream):
                if not self.server.stand_in.serve(connection, request):
                    break
        except (OSError, ValueError):
            return  # the caller went away, or does not speak HTTP
        finally:
            stream.close()
            self.server.connections.discard(connection)


class StandIn:
    """A server that a subclass gives its answers; starts at once, on a free port unless told."""

    wait_headers: tuple[str, ...] = ("Retry-After",)

    def __init__(self, port: int = 0) -> None:
        self.faults = Faults()
        self.requests = RequestLog()
        self.crashes: list[str] = []  # our own bugs; a test may ask that there are none
        self.control: dict[str, Callable[[Request], Response]] = {}  # by path; outside faults and the log
        self._callbacks: list[Callable[[Request], None]] = []
        self._server = _Server(port, self)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, request: Request) -> Response:
        raise NotImplementedError

    def error(self, status: int) -> Response:
        """The body this server gives a bare status."""
        return Response(status, phrase(status).encode(), "text/plain")

    def now(self) -> datetime:
        return datetime.now(UTC)

    def on_request(self, callback: Callable[[Request], None]) -> None:
        """Called before each request is answered, in the connection's thread."""
        self._callbacks.append(callback)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            _shut(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def serve(self, connection: socket.socket, request: Request) -> bool:
        """Answer one request; False when the connection is over."""
        if control := self.control.get(request.path):
            return self._send(connection, request, control(request))
        self.requests.add(request)
        for callback in self._callbacks:
            callback(request)
        fault = self.faults.draw(request.path)
        if fault is None:
            return self._send(connection, request, self._answer(request))
        return self._fail(connection, request, fault)

    def _fail(self, connection: socket.socket, request: Request, fault: Fault) -> bool:
        answer = self._answer(request) if fault.taken else None
        time.sleep(fault.stall)
        if fault.passes and answer:
            return self._send(connection, request, answer)
        if fault.status is not None:
            return self._send(connection, request, self._as_response(fault))
        if fault.cut and answer:
            whole = self._wire(answer)
            connection.sendall(whole[: -max(1, len(answer.body) // 2)])
        _reset(connection)
        return False

    def _as_response(self, fault: Fault) -> Response:
        response = self.error(fault.status or 500)
        headers = self._waits(fault)
        if fault.html:
            return Response(response.status, HTML, "text/html; charset=utf-8", headers)
        return Response(response.status, response.body, response.content_type, headers)

    def _waits(self, fault: Fault) -> tuple[tuple[str, str], ...]:
        """Only the first, `Retry-After`, may be a date."""
        if fault.retry_after is None:
            return ()
        waits = dict.fromkeys(self.wait_headers, str(fault.retry_after))
        if fault.as_date:
            later = self.now() + timedelta(seconds=fault.retry_after)
            waits[self.wait_headers[0]] = format_datetime(later, usegmt=True)
        return tuple(waits.items())

    def _answer(self, request: Request) -> Response:
        try:
            return self.answer(request)
        except Exception:  # noqa: BLE001 - a bug of ours must be seen by the test, not hang its client
            self.crashes.append(format_exc())
            return Response(500, b"the stand-in itself failed", "text/plain")

    def _send(self, connection: socket.socket, request: Request, response: Response) -> bool:
        connection.sendall(self._wire(response))
        return request.headers.get("connection", "").lower() != "close"

    def _wire(self, response: Response) -> bytes:
        head = [
            f"HTTP/1.1 {response.status} {phrase(response.status)}",
            f"Date: {format_datetime(self.now(), usegmt=True)}",
            f"Content-Type: {response.content_type}",
            f"Content-Length: {len(response.body)}",
            *(f"{name}: {value}" for name, value in response.headers),
        ]
        return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + response.body


def phrase(status: int) -> str:
    """529 and 460 are in use and in no standard."""
    return HTTPStatus(status).phrase if status in _STANDARD else "Unknown"


_STANDARD = frozenset(map(int, HTTPStatus))


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # already gone


def _reset(connection: socket.socket) -> None:
    """Closing with a zero linger sends RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
