"""How a span of time is cut into windows: small enough for the store, large enough to be worth a task.

A window's records are counted before it is cut, and cut again while they are too many: years without orders
cost one question, a day of 40,000 costs as many as it needs. Cuts are made at midnights while there are any,
which is all that some stores tell apart; the windows always cover the whole span, whatever was counted.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from commerce_events.domain.errors import ConfigurationError

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open. `counted`: how many records it held when it was planned; None where nobody can say."""

    start: datetime
    end: datetime
    counted: int | None

    def __and__(self, later: "Window") -> "Window":
        return Window(self.start, later.end, (self.counted or 0) + (later.counted or 0))


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts one stream's span.

    `count` asks the store; `by_second` whether it tells seconds of that day apart. Windows are cut down to
    `most` records; what cannot be cut any further may hold fewer than `wall`.
    """

    what: str
    count: Callable[[datetime, datetime], int]
    by_second: Callable[[datetime], bool]
    most: int
    wall: int

    def windows(self, start: datetime, end: datetime) -> list[Window]:
        """At least one, in order. Raises ConfigurationError naming a second or day that holds too many."""
        whole = Window(start, end, self.count(start, end))
        return list(_joined(self._cut(whole), self.most))

    def _cut(self, whole: Window) -> Iterator[Window]:
        """The later half is known from the earlier one: each cut costs one question."""
        waiting = [whole]
        while waiting:
            one = waiting.pop()
            at = self._where(one) if (one.counted or 0) > self.most else None
            if at is None:
                yield self._passable(one)
                continue
            earlier = self.count(one.start, at)
            later = max(0, (one.counted or 0) - earlier)
            waiting += [Window(at, one.end, later), Window(one.start, at, earlier)]

    def _where(self, one: Window) -> datetime | None:
        """The midnight nearest to the middle, else the middle second; None where there is neither."""
        middle = one.start + (one.end - one.start) / 2
        day = first_of_day(middle)
        inside = [at for at in (day, day + DAY) if one.start < at < one.end]
        if inside:
            return min(inside, key=lambda at: abs(at - middle))
        at = middle.replace(microsecond=0)
        return at if at > one.start and self.by_second(one.start) else None

    def _passable(self, one: Window) -> Window:
        if (one.counted or 0) < self.wall:
            return one
        a_second = one.end - one.start <= SECOND
        where = f"the second {one.start:%Y-%m-%dT%H:%M:%SZ}" if a_second else f"the day {one.start:%Y-%m-%d}"
        why = "" if a_second else ", and the store does not tell its seconds apart"
        raise ConfigurationError(
            f"{where} has {one.counted:,} {self.what}{why}: the store shows fewer than {self.wall:,} of one "
            "result. Plan the spans before and after it"
        )


def first_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _joined(windows: Iterable[Window], most: int) -> Iterator[Window]:
    """Neighbours together, as far as they stay within the size: a task costs seconds to begin."""
    held: Window | None = None
    for one in windows:
        if held is not None and (held.counted or 0) + (one.counted or 0) > most:
            yield held
            held = None
        held = one if held is None else held & one
    if held is not None:
        yield held
