"""Segment's regulations as the Public API stand-in keeps them: who asked for what, and how far it is."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from threading import Lock

from commerce_events.sandbox.catalogue import new_id
from commerce_events.sandbox.clock import StoreClock, stamp
from commerce_events.sandbox.wire import Json

MOST_PER_MONTH = 110_000
KEPT = timedelta(days=90)
KINDS = frozenset(
    {
        "SUPPRESS_ONLY",
        "UNSUPPRESS",
        "SUPPRESS_WITH_DELETE",
        "SUPPRESS_WITH_DELETE_INTERNAL",
        "DELETE_ONLY",
        "DELETE_INTERNAL",
    }
)
ENDS = frozenset({"FINISHED", "FAILED", "INVALID", "NOT_SUPPORTED", "PARTIAL_SUCCESS"})
DESTINATIONS = ("Customer.io", "Amplitude")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a regulation ends; destinations without a word of their own follow the whole."""

    status: str = "FINISHED"
    destinations: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if unknown := {self.status, *dict(self.destinations).values()} - ENDS:
            raise ValueError(f"no regulation ends as {sorted(unknown)}")


@dataclass(frozen=True, slots=True)
class Regulation:
    """`concluded` is set by a test; otherwise time leads it to its outcome."""

    id: str
    kind: str
    subject_type: str
    subjects: tuple[str, ...]
    created: datetime
    outcome: Outcome
    concluded: datetime | None = None


class Regulations:
    """Thread-safe. `running_after` and `finished_after` are seconds of the clock since the filing."""

    def __init__(self, clock: StoreClock, on_suppress: Callable[[str, bool], None]) -> None:
        self.running_after = 60.0
        self.finished_after = 3_600.0
        self.most_per_month = MOST_PER_MONTH
        self._clock = clock
        self._on_suppress = on_suppress
        self._outcomes: deque[Outcome] = deque()
        self._filed: dict[str, Regulation] = {}
        self._suppressed: dict[str, None] = {}  # a set that keeps its order
        self._used: Counter[str] = Counter()
        self._dice = Random("regulations")
        self._lock = Lock()

    def left_this_month(self) -> int:
        return self.most_per_month - self._used[self._month()]

    def file(self, kind: str, subject_type: str, subjects: Sequence[str]) -> str | None:
        """None where the month has no room for so many. Suppression holds from now on."""
        with self._lock:
            if len(subjects) > self.left_this_month():
                return None
            self._used[self._month()] += len(subjects)
            outcome = self._outcomes.popleft() if self._outcomes else Outcome()
            now = self._clock.now()
            filed = Regulation(new_id(self._dice), kind, subject_type, tuple(subjects), now, outcome)
            self._filed[filed.id] = filed
            if subject_type == "USER_ID":
                self._suppress(kind, subjects)
            return filed.id

    def next_ends(self, status: str, **destinations: str) -> None:
        """The next regulation filed will end like this."""
        self._outcomes.append(Outcome(status, tuple(destinations.items())))

    def conclude(self, regulation_id: str, status: str = "FINISHED", **destinations: str) -> None:
        """It ends like this, now."""
        with self._lock:
            outcome = Outcome(status, tuple(destinations.items()))
            known = self._filed[regulation_id]
            self._filed[regulation_id] = replace(known, outcome=outcome, concluded=self._clock.now())

    def all(self) -> list[Regulation]:
        """Latest first; older than 90 days they are forgotten."""
        since = self._clock.now() - KEPT
        with self._lock:
            return [one for one in reversed(self._filed.values()) if one.created >= since]

    def suppressed(self) -> list[str]:
        with self._lock:
            return list(self._suppressed)

    def status(self, one: Regulation) -> str:
        if one.concluded or self._ended_at(one) <= self._clock.now():
            return one.outcome.status
        running = one.created + timedelta(seconds=self.running_after) <= self._clock.now()
        return "RUNNING" if running else "INITIALIZED"

    def finished_at(self, one: Regulation) -> str | None:
        return stamp(one.concluded or self._ended_at(one)) if self.status(one) in ENDS else None

    def _ended_at(self, one: Regulation) -> datetime:
        return one.created + timedelta(seconds=self.finished_after)

    def _month(self) -> str:
        return f"{self._clock.now():%Y-%m}"

    def _suppress(self, kind: str, subjects: Sequence[str]) -> None:
        if kind.startswith("DELETE"):
            return
        for user_id in subjects:
            if kind == "UNSUPPRESS":
                self._suppressed.pop(user_id, None)
            else:
                self._suppressed[user_id] = None
            self._on_suppress(user_id, kind != "UNSUPPRESS")


def in_list(book: Regulations, one: Regulation) -> Json:
    entry = {
        "id": one.id,
        "subjectType": one.subject_type,
        "subjects": list(one.subjects),
        "status": book.status(one),
        "createdAt": stamp(one.created),
        "regulationType": one.kind,
    }
    finished = book.finished_at(one)
    return {**entry, "finishedAt": finished} if finished else entry


def in_full(book: Regulations, one: Regulation, sources: Sequence[str]) -> Json:
    """One stream per source, with the state of each of its destinations."""
    whole, finished = book.status(one), book.finished_at(one)
    named = dict(one.outcome.destinations) if finished else {}
    states = [
        {
            "name": name,
            "id": f"dest-{name.lower()}",
            "status": named.get(name, whole),
            # Such texts may quote people: a caller must not keep them.
            "errString": f"{name} refused {one.subjects[0]}" if named.get(name, whole) == "FAILED" else "",
            "finishedAt": finished,
        }
        for name in dict.fromkeys((*DESTINATIONS, *named))
    ]
    return {
        "id": one.id,
        "workspaceId": "sandbox-workspace",
        "overallStatus": whole,
        "createdAt": stamp(one.created),
        "finishedAt": finished,
        "streamStatus": [{"id": source, "destinationStatus": states} for source in sources],
    }
