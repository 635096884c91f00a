"""Windows: every record in exactly one, none near the wall, few questions, and no second too full."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil, log2

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.windows import Cutter, Window

START = datetime(2024, 2, 27, tzinfo=UTC)  # a leap day is near
DAY = 86_400


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


class Counted:
    """A store that counts; `by_day`: it knows days only."""

    def __init__(self, seconds: Sequence[int], *, by_day: bool = False) -> None:
        self.seconds = sorted(seconds)
        self.by_day = by_day
        self.asked = 0

    def __call__(self, start: datetime, end: datetime) -> int:
        self.asked += 1
        first, behind = (round((one - START).total_seconds()) for one in (start, end))
        if self.by_day:
            first, behind = first // DAY * DAY, behind // DAY * DAY
        return max(0, bisect_left(self.seconds, behind) - bisect_left(self.seconds, first))

    def cutter(self, most: int, wall: int) -> Cutter:
        return Cutter("orders", self, lambda _: not self.by_day, most, wall)


def held(windows: Sequence[Window], store: Counted) -> list[int]:
    exact = Counted(store.seconds)
    return [exact(one.start, one.end) for one in windows]


seconds = st.lists(
    st.integers(0, 9 * DAY - 1) | st.integers(3 * DAY, 3 * DAY + 90) | st.integers(DAY, DAY + 2), max_size=300
)
bounds = st.tuples(st.integers(0, 9 * DAY), st.integers(0, 9 * DAY)).filter(lambda two: two[0] != two[1])


@given(seconds=seconds, span=bounds, most=st.integers(1, 50))
@settings(max_examples=200, deadline=None)
def test_every_moment_is_in_one_window_and_no_window_holds_too_much(
    seconds: list[int], span: tuple[int, int], most: int
) -> None:
    first, behind = sorted(span)
    store = Counted(seconds)

    windows = store.cutter(most, wall=10_000).windows(at(first), at(behind))

    assert [one.start for one in windows] == [at(first), *(one.end for one in windows[:-1])]
    assert windows[-1].end == at(behind)
    assert held(windows, store) == [one.counted for one in windows]
    assert all((one.counted or 0) <= most or one.end - one.start == timedelta(seconds=1) for one in windows)


@given(seconds=seconds, most=st.integers(5, 50))
@settings(max_examples=100, deadline=None)
def test_a_store_that_knows_days_only_is_cut_at_midnights(seconds: list[int], most: int) -> None:
    store = Counted(seconds, by_day=True)

    windows = store.cutter(most, wall=10_000).windows(START, at(9 * DAY))

    assert all(one.end.timestamp() % DAY == 0 for one in windows)
    assert held(windows, store) == [one.counted for one in windows]
    assert all((one.counted or 0) <= most or one.end - one.start == timedelta(days=1) for one in windows)


@given(seconds=st.lists(st.integers(0, 400 * DAY - 1), min_size=1, max_size=400))
@example(seconds=[5 * DAY + n // 30 for n in range(400)])
@settings(max_examples=60, deadline=None)
def test_questions_are_few(seconds: list[int]) -> None:
    """One for each cut: a year of nothing costs none, and a full minute no more than its depth."""
    store = Counted(seconds)

    windows = store.cutter(50, wall=10_000).windows(START, at(400 * DAY))

    depth = ceil(log2(400)) + ceil(log2(DAY)) + 2
    assert store.asked <= 1 + len(seconds) // 25 * depth
    assert len(seconds) > 50 or (store.asked, len(windows)) == (1, 1)


def test_neighbours_are_joined_until_they_are_worth_a_task() -> None:
    """A full day among empty ones: without joining, each cut would leave a window of nothing behind."""
    store = Counted([100 * DAY + 10 * n for n in range(100)])

    windows = store.cutter(60, wall=10_000).windows(START, at(400 * DAY))

    assert [one.counted for one in windows] == held(windows, store)
    assert len(windows) <= 4


def test_a_second_that_holds_too_many_is_named() -> None:
    store = Counted([DAY + 5] * 100 + [DAY + 6])

    with pytest.raises(ConfigurationError, match=r"the second 2024-02-28T00:00:05Z has 100 orders"):
        store.cutter(40, wall=100).windows(START, at(9 * DAY))


def test_a_second_below_the_wall_stands_alone() -> None:
    store = Counted([DAY + 5] * 99 + [DAY + 6])

    windows = store.cutter(40, wall=100).windows(START, at(9 * DAY))

    assert 99 in [one.counted for one in windows]


def test_a_day_that_holds_too_many_is_named_where_seconds_are_not_told_apart() -> None:
    store = Counted([2 * DAY + n for n in range(150)], by_day=True)

    with pytest.raises(
        ConfigurationError, match=r"the day 2024-02-29 has 150 orders, and the store does not"
    ):
        store.cutter(40, wall=100).windows(START, at(9 * DAY))


def test_an_empty_store_is_one_window() -> None:
    assert Counted([]).cutter(40, 100).windows(START, at(9 * DAY)) == [Window(START, at(9 * DAY), 0)]
