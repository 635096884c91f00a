"""What reconciling finds, in words: figures for days, and differences of two kinds."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class State(StrEnum):
    """What became of a difference."""

    HEALED = "healed"  # captured again, and it agrees now
    NOTED = "noted"  # nothing can be done, as with a record that the store has no more
    OPEN = "open"  # it still differs


@dataclass(frozen=True, slots=True)
class Figure:
    """One day of one stream. `accounted` includes what was `healed`."""

    store: str
    stream: str
    day: date
    in_store: int
    accounted: int
    healed: int = 0

    @property
    def accuracy(self) -> float:
        """Accounted for, of what is in the store. A day without records has nothing that could be missing."""
        return self.accounted / self.in_store if self.in_store else 1.0


@dataclass(frozen=True, slots=True)
class Gap:
    """One record that differed between a store and the ledger."""

    store: str
    stream: str
    record_id: str
    reason: str
    day: date
    state: State
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One day of one destination: what it took, and what of it did not come out behind its 200."""

    destination: str
    day: date
    accepted: int
    missing: int
    refused: int


@dataclass(frozen=True, slots=True)
class Shortfall:
    """`count` messages of one name, sent in the hour that begins at `hour`, and what kept them."""

    destination: str
    hour: datetime
    message: str
    stage: str
    receiver: str
    reason: str
    count: int
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How one comparison ended, in numbers of differences. `found`: those not known before."""

    found: int = 0
    healed: int = 0
    noted: int = 0
    still_open: int = 0
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One comparison that came to its end."""

    kind: str
    scope: str
    start: datetime
    end: datetime
    done_at: datetime
    tally: Tally
