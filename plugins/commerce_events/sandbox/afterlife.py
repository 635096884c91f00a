"""What becomes of messages behind the Segment stand-in's 200: lost or refused by plan, passed on, counted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from threading import Lock

from commerce_events.sandbox.wire import Json

VANISHED = "vanished"  # in no count at all
UNCOUNTED = frozenset(
    {VANISHED, "duplicate", "suppressed", "unknown_source", "too_many_messages", "made_here"}
)
BY_PLAN = frozenset(
    {
        "common_schema_violation",
        "event_setting",
        "schema_violation",
        "unplanned",
        "unplanned_and_schema_violation",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a count is of."""

    second: datetime
    write_key: str
    type: str
    event: str | None
    version: str | None
    reason: str | None  # None: passed on


@dataclass(slots=True)
class Plan:
    """What is to be lost, by id or by chance, and what the tracking plan blocks, by id or event."""

    lost: set[str] = field(default_factory=set)
    share: float = 0.0
    dice: Random = field(default_factory=Random)
    blocked: dict[str, str] = field(default_factory=dict)

    def lose(self, *message_ids: str, share: float = 0.0, seed: int = 0) -> None:
        """These messages, and that share of all others, are answered 200 and never heard of again."""
        self.lost |= set(message_ids)
        self.share, self.dice = share, Random(seed)

    def block(self, *ids_or_events: str, reason: str = "schema_violation") -> None:
        """They are received, and filtered at the source."""
        if reason not in BY_PLAN:
            raise ValueError(f"a tracking plan blocks for one of {sorted(BY_PLAN)}")
        self.blocked |= dict.fromkeys(ids_or_events, reason)

    def keep_all(self) -> None:
        self.lost.clear()
        self.blocked.clear()
        self.share = 0.0

    def verdict(self, message_id: str, message: Json) -> str | None:
        if message_id in self.lost or (self.share and self.dice.random() < self.share):
            return VANISHED
        return self.blocked.get(message_id) or self.blocked.get(str(message.get("event")))


@dataclass(frozen=True, slots=True)
class Receiver:
    """A destination behind Segment: what it filters or fails to take, by event; the rest is delivered."""

    id: str
    name: str
    filters: Mapping[str, str]
    fails: Mapping[str, str]


class Afterlife:
    """Thread-safe. Counts by second, write key, name, version and end."""

    def __init__(self) -> None:
        self.plan = Plan()
        self.receivers: list[Receiver] = []
        self._counts: Counter[Place] = Counter()
        self._lock = Lock()

    def connect(
        self, name: str, filters: Mapping[str, str] | None = None, fails: Mapping[str, str] | None = None
    ) -> Receiver:
        made = Receiver(f"dest-{len(self.receivers) + 1}", name, filters or {}, fails or {})
        self.receivers.append(made)
        return made

    def note(self, at: datetime, write_key: str, message: object, reason: str | None) -> None:
        if reason in UNCOUNTED:
            return
        said: Json = message if isinstance(message, dict) else {}
        event = said.get("event") if isinstance(said.get("event"), str) else None
        place = Place(at, write_key, str(said.get("type")), event, _version(said), reason)
        with self._lock:
            self._counts[place] += 1

    def counted(self) -> Iterable[tuple[Place, int]]:
        with self._lock:
            return list(self._counts.items())

    def forget(self) -> None:
        with self._lock:
            self._counts.clear()
        self.plan.keep_all()


def _version(message: Json) -> str | None:
    context = message.get("context")
    app = context.get("app") if isinstance(context, dict) else None
    return str(app["version"]) if isinstance(app, dict) and "version" in app else None
