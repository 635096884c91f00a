"""What the deliver step needs of a receiver, whichever it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from commerce_events.domain.batches import Limits

SENDERS = 4


class Client(Protocol):
    """Speaks to one receiver. Threads share it."""

    @property
    def limits(self) -> Limits: ...

    def send(self, bodies: Sequence[bytes], *, sent_at: datetime, retries: int) -> None:
        """Return once the batch is taken; else raise one of `domain.errors`, which says what happens next."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A receiver under its configured name. A message not accepted within `max_age` becomes a dead letter.

    `senders`: how many batches may be on their way at once.
    """

    name: str
    client: Client
    events_per_second: float
    max_age: timedelta
    senders: int = SENDERS
