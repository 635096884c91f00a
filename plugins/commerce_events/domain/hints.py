"""What an event door hands in: word that something happened to a record. What it was, the store is asked."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from commerce_events.domain.deliveries import Door


class Fate(StrEnum):
    """How a hint ended."""

    CAPTURED = "captured"  # the record was read from the store after the hint came
    KNOWN = "known"  # a later state of the record had been recorded already
    IGNORED = "ignored"  # about nothing that is read here; the reason says which
    REJECTED = "rejected"  # it names no record, or that record cannot be read


@dataclass(frozen=True, slots=True)
class Hint:
    """`stream` None: about nothing we read. `record_id` None: it does not say about which record.

    `source_at`: the record's last change as the hint tells it. `body` is kept until the hint has ended, and
    read only where somebody has to look at it.
    """

    event_id: str
    store: str
    door: Door
    trigger: str
    stream: str | None
    record_id: str | None
    source_at: datetime | None
    body: bytes = field(default=b"", repr=False)

    @property
    def tells_of_an_end(self) -> bool:
        return self.trigger.endswith(".deleted")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hint that has not ended; `attempts` is how often the store could not yet tell what it is about."""

    hint: Hint
    received_at: datetime
    attempts: int
