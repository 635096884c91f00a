"""Messages on a stream socket: four bytes of length, then that many bytes."""

import socket
import struct
import time

HEAD = struct.Struct("!I")
MAX_FRAME = 64 * 1024 * 1024


class Gone(Exception):
    """The other side has closed the connection, or ended."""


def send(connection: socket.socket, body: bytes) -> None:
    try:
        connection.sendall(HEAD.pack(len(body)) + body)
    except (BrokenPipeError, ConnectionResetError):
        raise Gone from None


def receive(connection: socket.socket, within: float | None = None) -> bytes:
    """The next message; TimeoutError where it is not complete after `within` seconds."""
    ends = None if within is None else time.monotonic() + within
    (length,) = HEAD.unpack(_exactly(connection, HEAD.size, ends))
    if length > MAX_FRAME:
        raise Gone
    return _exactly(connection, length, ends)


def _exactly(connection: socket.socket, count: int, ends: float | None) -> bytes:
    received = bytearray()
    while len(received) < count:
        if ends is not None:
            connection.settimeout(max(ends - time.monotonic(), 0.001))
        try:
            part = connection.recv(min(count - len(received), 1 << 20))
        except ConnectionResetError:
            part = b""
        if not part:
            raise Gone
        received += part
    return bytes(received)
