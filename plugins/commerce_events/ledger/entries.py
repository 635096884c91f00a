"""What one look at one record puts into the ledger: its state, its facts, and what is owed for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commerce_events.domain.deliveries import Priority, Status
from commerce_events.domain.facts import Fact
from commerce_events.domain.people import Trace
from commerce_events.domain.records import Record
from commerce_events.domain.states import State


@dataclass(frozen=True, slots=True)
class Seen:
    """A record's state as kept, with the version that the next write must name."""

    version: int
    state: State
    erased: bool = False
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """The batch that a message went out with, and when."""

    batch: UUID
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """One fact at one destination. `body` are the bytes to send; `input`, packed, what made them.

    `carried`: it was sent already, and the ledger has lost that it was.
    """

    destination: str
    status: Status
    reason: str | None = None
    detail: str | None = None
    body: bytes | None = None
    input: bytes | None = None
    carried: Carried | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the fact table (a fact may be told in several parts) and its deliveries."""

    event_id: UUID
    fact: Fact
    part: str
    lane: int
    owed: Sequence[Owed]
    correction: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One judged record. `seen` is the version it was judged against; another one in the ledger wins."""

    record: Record
    seen: Seen | None
    state: State
    person: str | None
    told: Sequence[Told]
    priority: Priority = Priority.LIVE
    trace: Trace | None = None
    erased: bool = False


KnownStates = Mapping[str, Seen]
