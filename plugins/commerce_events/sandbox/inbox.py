"""What the Segment stand-in holds: each message once, every copy's bytes, and what was dropped and why."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import orjson

from commerce_events.sandbox.afterlife import Afterlife
from commerce_events.sandbox.ingest import drop_reason
from commerce_events.sandbox.raw_json import RawMessage
from commerce_events.sandbox.wire import Json, Request

KEPT_BATCHES = 10_000


@dataclass(frozen=True, slots=True)
class Taken:
    """A message as it came, apart from its `sentAt`."""

    message_id: str
    raw: bytes
    write_key: str

    @property
    def message(self) -> Json:
        message: Json = orjson.loads(self.raw)
        return message


@dataclass(frozen=True, slots=True)
class SeenBatch:
    """`size` is the bytes on the wire; header names are in lower case."""

    count: int
    size: int
    headers: Mapping[str, str]
    path: str


def _wall() -> datetime:
    return datetime.now(UTC)


class Inbox:
    """Thread-safe. The table of seen ids is one for all write keys and never expires."""

    def __init__(self, clock: Callable[[], datetime] = _wall) -> None:
        self.afterlife = Afterlife()
        self._clock = clock
        self.drops: Counter[str] = Counter()
        self.batches: deque[SeenBatch] = deque(maxlen=KEPT_BATCHES)
        self._taken: dict[str, Taken] = {}
        self._again: dict[str, list[bytes]] = {}
        self._suppressed: set[str] = set()
        self._lock = Lock()

    def unique(self) -> dict[str, Json]:
        """Each message once, by its id."""
        return {one.message_id: one.message for one in self.received()}

    def received(self) -> list[Taken]:
        """Every message taken, in the order they came; copies of one id are left out."""
        with self._lock:
            return list(self._taken.values())

    def ids(self) -> set[str]:
        with self._lock:
            return set(self._taken)

    def copies(self, message_id: str) -> list[bytes]:
        """Every copy that came, the first one included."""
        with self._lock:
            first = self._taken.get(message_id)
            return [first.raw, *self._again.get(message_id, ())] if first else []

    def duplicates(self) -> int:
        return self.drops["duplicate"]

    def suppress(self, user_id: str) -> None:
        with self._lock:
            self._suppressed.add(user_id)

    def unsuppress(self, user_id: str) -> None:
        with self._lock:
            self._suppressed.discard(user_id)

    def note_batch(self, request: Request, count: int) -> None:
        seen = SeenBatch(count, len(request.body), request.headers, request.path)
        with self._lock:
            self.batches.append(seen)

    def drop(self, reason: str, count: int = 1) -> None:
        with self._lock:
            self.drops[reason] += count

    def take(self, write_key: str, messages: list[RawMessage]) -> None:
        at = self._clock()
        with self._lock:
            for one in messages:
                reason = drop_reason(one.message) or self._file(write_key, one)
                self.afterlife.note(at, write_key, one.message, reason)
                if reason:
                    self.drops[reason] += 1

    def forget(self) -> None:
        with self._lock:
            for kept in (self.drops, self.batches, self._taken, self._again, self._suppressed):
                kept.clear()
        self.afterlife.forget()

    def _file(self, write_key: str, one: RawMessage) -> str | None:
        if one.message.get("userId") in self._suppressed:
            return "suppressed"
        message_id = one.message.get("messageId") or f"made-here-{len(self._taken)}"
        raw = _without_sent_at(one)
        if message_id in self._taken:
            self._again.setdefault(message_id, []).append(raw)
            return "duplicate"
        if reason := self.afterlife.plan.verdict(message_id, one.message):
            return reason
        self._taken[message_id] = Taken(message_id, raw, write_key)
        return None


def _without_sent_at(one: RawMessage) -> bytes:
    message: dict[str, Any] = one.message
    if "sentAt" not in message:
        return one.raw
    return orjson.dumps({name: value for name, value in message.items() if name != "sentAt"})
