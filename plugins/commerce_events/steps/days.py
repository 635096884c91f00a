"""Spans of time cut into UTC days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A UTC day, or a part of it."""

    start: datetime
    end: datetime

    @property
    def is_whole(self) -> bool:
        return self.start == midnight(self.start) and self.end == midnight(self.end)


def pieces(start: datetime, end: datetime) -> Iterator[Piece]:
    """A span cut at the midnights in it; nothing of an empty one."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    while start < end:
        piece = Piece(start, min(end, midnight(start) + DAY))
        yield piece
        start = piece.end


def runs(days: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    """Those that follow each other, together."""
    begun = 0
    for place in range(1, len(days) + 1):
        if place == len(days) or days[place].start != days[place - 1].end:
            yield days[begun:place]
            begun = place


def midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
