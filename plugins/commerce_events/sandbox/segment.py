"""A stand-in for Segment's HTTP Tracking API.

It refuses only what Segment refuses and answers 200 to everything else; what it then drops is counted.
KB is 1,000 bytes here, since nobody says which it is.
"""

import gzip
import json
import re
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from commerce_events.sandbox.clock import StoreClock
from commerce_events.sandbox.http import StandIn
from commerce_events.sandbox.inbox import Inbox
from commerce_events.sandbox.ingest import MOST_MESSAGES
from commerce_events.sandbox.rates import RateLimit
from commerce_events.sandbox.raw_json import RawMessage, read_batch, read_single
from commerce_events.sandbox.wire import JSON, Json, Request, Response

MOST_MESSAGE_BYTES = 32_000
MOST_BODY_BYTES = 500_000
CALLS = frozenset({"track", "identify", "page", "screen", "group", "alias"})
WRITE_KEY = re.compile(r"[A-Za-z0-9_-]{8,}")
DEFAULT_KEY = "sandbox-write-key"

OK = Response(200, b'{\n  "success": true\n}')
BAD_REQUEST = Response(400, b"Bad Request", "text/plain")


class Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True, slots=True)
class Call:
    """One request as read: whose it is, and its messages; None where the array is missing."""

    write_key: str
    envelope: Json
    messages: list[RawMessage] | None


class SegmentStandIn(StandIn):
    """Knows the given write keys; others are answered 200 and dropped, as by the real one."""

    wait_headers = ("Retry-After", "X-RateLimit-Reset")

    def __init__(self, write_keys: Iterable[str] = (DEFAULT_KEY,), *, port: int = 0) -> None:
        self.write_keys = frozenset(write_keys)
        if bad := [key for key in self.write_keys if not WRITE_KEY.fullmatch(key)]:
            raise ValueError(f"Segment would call {len(bad)} of these write keys malformed")
        self.segment_clock = StoreClock()
        self.inbox = Inbox(self.now)
        self.event_limit = RateLimit()
        self._refused: set[str] = set()
        # What tests ask, under the names they read best
        self.unique = self.inbox.unique
        self.received = self.inbox.received
        self.copies = self.inbox.copies
        self.suppress = self.inbox.suppress
        self.unsuppress = self.inbox.unsuppress
        self.drops = self.inbox.drops
        self.batches = self.inbox.batches
        self.plan = self.inbox.afterlife.plan
        self.connect = self.inbox.afterlife.connect
        self.advance = self.segment_clock.advance
        super().__init__(port)

    def now(self) -> datetime:
        return self.segment_clock.now()

    def refuse(self, message_id: str) -> None:
        """A body with this message is answered 400."""
        self._refused.add(message_id)

    def allow(self, message_id: str) -> None:
        self._refused.discard(message_id)

    def forget(self) -> None:
        """Everything received, dropped and refused; also the table of seen ids."""
        self.inbox.forget()
        self._refused.clear()

    def answer(self, request: Request) -> Response:
        call = request.path.strip("/").removeprefix("v1/")
        if request.method != "POST" or call not in CALLS | {"batch", "import"}:
            return Response(404, b"Not Found", "text/plain")
        try:
            read = self._read(request, None if call in ("batch", "import") else call)
        except Refused as refused:
            return refused.response
        if not self.event_limit.admit(max(1, len(read.messages or ()))):
            wait = tuple((name, "1") for name in self.wait_headers)
            return Response(429, b"Too Many Requests", "text/plain", wait)
        self._queue(request, read)
        return OK

    def _read(self, request: Request, call: str | None) -> Call:
        body = _plain(request)
        if not request.headers.get("content-type", "").startswith(JSON):
            raise Refused(_invalid("Content-Type must be application/json"))
        try:
            envelope, messages = read_single(body) if call else read_batch(body)
        except (ValueError, RecursionError) as error:
            raise Refused(_invalid("Malformed JSON")) from error
        for one in messages or ():
            if len(one.raw) > MOST_MESSAGE_BYTES:
                raise Refused(_invalid("Exceed payload limit"))
            if isinstance(one.message, dict) and one.message.get("messageId") in self._refused:
                raise Refused(_invalid("Refused by the test"))
        if call and messages:
            messages[0].message["type"] = call
        return Call(_write_key(request, envelope), envelope, messages)

    def _queue(self, request: Request, read: Call) -> None:
        messages = read.messages
        self.inbox.note_batch(request, len(messages or ()))
        if not messages:
            self.inbox.drop("empty_batch")
        elif read.write_key not in self.write_keys:
            self.inbox.drop("unknown_source", len(messages))
        elif len(messages) > MOST_MESSAGES:
            self.inbox.drop("too_many_messages", len(messages))
        else:
            self.inbox.take(read.write_key, messages)


def _plain(request: Request) -> bytes:
    """The body without its gzip; over the limit before or after is over the limit."""
    if len(request.body) > MOST_BODY_BYTES:
        raise Refused(BAD_REQUEST)
    if request.headers.get("content-encoding", "identity").lower() != "gzip":
        return request.body
    try:
        with gzip.GzipFile(fileobj=BytesIO(request.body)) as unzipped:
            body = unzipped.read(MOST_BODY_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(_invalid("Malformed gzip")) from error
    if len(body) > MOST_BODY_BYTES:
        raise Refused(BAD_REQUEST)
    return body


def _write_key(request: Request, envelope: Json) -> str:
    """From Basic auth when there is any, else from the body (also beside a bearer token)."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    key = envelope.get("writeKey")
    if scheme.lower() == "basic":
        try:
            key = b64decode(given, validate=True).decode().partition(":")[0]
        except (Base64Error, UnicodeDecodeError):
            key = None
    if not isinstance(key, str) or not WRITE_KEY.fullmatch(key):
        raise Refused(_invalid("An invalid write key was provided"))
    return key


def _invalid(message: str) -> Response:
    answer = {"success": False, "message": message, "code": "invalid_request"}
    return Response(400, json.dumps(answer, separators=(",", ":")).encode())
