"""Plan: what a backfill would read, cut into windows, and what that comes to; before any work is done."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from secrets import token_hex

from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.plans import STREAMS, Plan, PlanWindow, Wish
from commerce_events.domain.windows import DAY, Cutter, Window, first_of_day
from commerce_events.steps.estimate import Rates, Tally, estimated
from commerce_events.steps.store import OpenStore
from commerce_events.steps.wish import as_wished, checked

LEAST_WORK = 10.0  # seconds a window should keep its task busy: to begin one costs several
# Records that a task captures in a second, however fast its store is. A larger window would only be the last
# one for longer, while the other tasks have nothing left to do.
OWN_SPEED = 500.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """`window`: how many records a window should hold. `wall`: the store shows fewer of one result."""

    window: int = 5_000
    wall: int = 10_000
    margin: float = 0.2

    def most(self, per_second: float) -> int:
        """Records in a window: enough to be worth a task, and well below the wall. `per_second`: how many
        the store hands out.
        """
        worth_it = ceil(LEAST_WORK * min(per_second, OWN_SPEED))
        return max(1, min(int(self.wall * (1 - self.margin)), max(self.window, worth_it)))


@dataclass(frozen=True, slots=True)
class Change:
    """A window that holds another number of records now than when it was planned."""

    window: PlanWindow
    now: int


def draw_up(store: OpenStore, wish: Wish, rates: Rates, sizes: Sizes) -> Plan:
    """Ask the store for counts alone; writes nothing. Raises ConfigurationError for what cannot be done.

    `store` is opened as for the live sync: its `start` says what is left to that one.
    """
    now = store.clock().replace(microsecond=0)
    checked(wish, store.settings, now)
    fence = _fence(wish, store.settings.start, now)
    end = _end(wish, fence)
    settings = as_wished(store.settings, wish)
    tally = Tally(store.source, wish.start, end)
    most = sizes.most(rates.share(wish.share).records(tally, settings))
    streams = sorted(wish.streams, key=STREAMS.index)
    windows = [
        (stream, one) for stream in streams for one in _windows(store, stream, tally, most, sizes.wall)
    ]
    return Plan(
        id=f"{now:%Y%m%d-%H%M%S}-{token_hex(2)}",
        wish=wish,
        fence=fence,
        live_start=store.settings.start,
        windows=tuple(
            PlanWindow(number, stream, one.start, one.end, one.counted)
            for number, (stream, one) in enumerate(windows, 1)
        ),
        estimate=estimated(settings, wish, tally, (one for _, one in windows), rates.share(wish.share)),
        made_at=now,
    )


def changes_since(store: OpenStore, plan: Plan) -> Iterator[Change]:
    """The windows that hold more or fewer records than when they were planned; one question for each."""
    for window in plan.left:
        now = None
        if window.counted is not None:
            now = store.source.count(window.stream, window.start, window.end)
        if now is not None and now != window.counted:
            yield Change(window, now)


def _windows(store: OpenStore, stream: str, tally: Tally, most: int, wall: int) -> Sequence[Window]:
    """One for all where the store cannot count, as of account members."""
    if tally.of(stream) is None:
        return [Window(tally.start, tally.end, None)]
    cutter = Cutter(
        what=stream.replace("_", " "),
        count=_counting(store, stream, tally.end),
        by_second=lambda day: store.source.filters_by_second(stream, day),
        most=most,
        wall=wall,
    )
    return cutter.windows(tally.start, tally.end)


def _counting(store: OpenStore, stream: str, end: datetime) -> Callable[[datetime, datetime], int]:
    """A store that filters by the day leaves out the day of an end that is no midnight: it is counted too."""
    last_day = first_of_day(end)
    by_day = last_day < end and not store.source.filters_by_second(stream, end)

    def count(start: datetime, until: datetime) -> int:
        behind = last_day + DAY if by_day and until == end else until
        return store.source.count(stream, start, behind) or 0

    return count


def _fence(wish: Wish, live_start: datetime, now: datetime) -> datetime | None:
    """Only what the live sync tells can be left to it: nothing from before its start."""
    return max(now - timedelta(hours=wish.fence_hours), live_start) if wish.fence_hours else None


def _end(wish: Wish, fence: datetime | None) -> datetime:
    """What was created after the fence is wholly the live sync's: it is not even read."""
    end = wish.end if fence is None else min(wish.end, fence)
    if end <= wish.start:
        raise ConfigurationError(
            f"everything from {wish.start:%Y-%m-%d %H:%M:%SZ} on is newer than the fence, "
            f"{wish.fence_hours} hours before now, and is told by the live sync; with a fence of 0 hours "
            "nothing is left to it"
        )
    return end
