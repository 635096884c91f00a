"""What the queue door asks of a queue, whatever kind it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message as received. `handle` gives it back; it is another one each time a message comes."""

    id: str
    handle: str
    body: bytes = field(repr=False)


class Queue(Protocol):
    """Whatever is received and not deleted comes again. May raise TransientError or ConfigurationError."""

    def receive(self, wait: int) -> Sequence[Parcel]:
        """Some of what waits, after at most `wait` seconds; none only if there was nothing."""

    def delete(self, parcels: Sequence[Parcel]) -> int:
        """How many of them are gone; the others come again."""
