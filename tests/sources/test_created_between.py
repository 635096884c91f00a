"""What was created in a window: all of it, whatever changes or ties there are, and nothing beside it."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from elastic_path import LONG_AGO, NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from store_list import START, StoreList, names, row

from commerce_events.domain.errors import ConfigurationError
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathSource
from commerce_events.sources.elasticpath.paging import Course, Limits, Portion, Walk
from commerce_events.sources.elasticpath.slices import Slices
from commerce_events.sources.elasticpath.span import Span
from commerce_events.sources.elasticpath.streams import CUSTOMERS, MEMBERS, ORDERS

HOUR = timedelta(hours=1)
ADD: dict[str, Callable[[ElasticPathStandIn], object]] = {
    "orders": ElasticPathStandIn.place_order,
    "customers": ElasticPathStandIn.add_customer,
    "account_members": ElasticPathStandIn.add_account_member,
}
both = pytest.mark.parametrize("course", [ORDERS, CUSTOMERS], ids=["orders", "customers"])
by_second_and_by_day = pytest.mark.parametrize("by_day", [False, True], ids=["by second", "by day"])


def window(first: int, behind: int) -> Span:
    """In seconds after START."""
    return Span.created_between(START + timedelta(seconds=first), START + timedelta(seconds=behind))


def walk(
    store: StoreList, span: Span, after: str | None = None, course: Course = ORDERS, **limits: int
) -> list[Portion]:
    limited = Limits(**{"page": 10, "passes": 400, **limits})
    return list(Walk(store, span, limited, course.by(span)).portions(after))


created = st.lists(st.integers(0, 400_000) | st.integers(0, 5) | st.integers(90_000, 90_003), max_size=100)
bound = st.integers(-10, 400_010) | st.integers(0, 6) | st.integers(89_999, 90_004)


@both
@given(seconds=created, bounds=st.tuples(bound, bound), seed=st.integers(0, 1000), by_day=st.booleans())
@settings(max_examples=80, deadline=None)
def test_a_window_holds_what_was_created_in_it_and_nothing_else(
    course: Course, seconds: list[int], bounds: tuple[int, int], seed: int, by_day: bool
) -> None:
    first, behind = sorted(bounds)
    dice = Random(seed)
    rows = [row(f"order-{n}", second, dice.randrange(500_000)) for n, second in enumerate(seconds)]
    store = StoreList(rows, seed=seed, by_day=by_day)

    found = names(walk(store, window(first, behind), course=course))

    assert set(found) == {f"order-{n}" for n, second in enumerate(seconds) if first <= second < behind}


@both
@by_second_and_by_day
@pytest.mark.parametrize("seed", range(10))
def test_records_that_change_while_a_window_is_read_stay_in_it(
    course: Course, by_day: bool, seed: int
) -> None:
    dice = Random(seed)
    seconds = [dice.choice((dice.randrange(200_000), 5, 100_000)) for _ in range(150)]
    store = StoreList([row(f"order-{n}", at) for n, at in enumerate(seconds)], seed=seed, by_day=by_day)
    store.before_each = lambda: store.touch(dice.choice(store.rows), 300_000 + len(store.asked))

    found = names(walk(store, window(3, 150_000), course=course))

    assert set(found) == {f"order-{n}" for n, at in enumerate(seconds) if 3 <= at < 150_000}


@both
@by_second_and_by_day
def test_a_window_resumes_behind_any_page(course: Course, by_day: bool) -> None:
    dice = Random(7)
    orders = [row(f"order-{n}", dice.choice((dice.randrange(300_000), 50, 51))) for n in range(120)]
    span = window(40, 200_000)
    portions = walk(StoreList(orders, by_day=by_day), span, course=course)

    for stop in range(len(portions)):
        rest = walk(StoreList(orders, seed=stop, by_day=by_day), span, portions[stop].cursor, course=course)
        assert set(names(portions[: stop + 1]) + names(rest)) == set(names(portions))


@both
def test_no_request_looks_past_the_wall_however_many_records_a_window_holds(course: Course) -> None:
    orders = [row(f"order-{n}", n // 3) for n in range(500)]
    store = StoreList(orders, wall=100)

    assert len(names(walk(store, window(10, 150), course=course, wall=100))) == 420


def test_reading_ends_with_the_page_that_shows_the_end() -> None:
    store = StoreList([row(f"order-{n}", n) for n in range(1_000)])

    assert len(names(walk(store, window(0, 25)))) == 25
    assert len(store.asked) == 3


def test_a_second_too_full_to_be_read_is_named() -> None:
    orders = [row(f"order-{n}", 5) for n in range(101)]

    with pytest.raises(ConfigurationError, match=r"2026-03-01T12:00:05Z has more .* a span without it"):
        walk(StoreList(orders, wall=100), window(0, 10), wall=100)


@given(seconds=created, bounds=st.tuples(bound, bound), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_members_of_a_window_are_found_without_any_filter_by_time(
    seconds: list[int], bounds: tuple[int, int], seed: int
) -> None:
    first, behind = sorted(bounds)
    store = StoreList([row(f"m-{n}", at, at + n) for n, at in enumerate(seconds)], seed=seed)
    span = window(first, behind)

    found = names(Slices(store, span, Limits(page=10, passes=400), MEMBERS.by(span)).portions())

    assert set(found) == {f"m-{n}" for n, at in enumerate(seconds) if first <= at < behind}


@by_second_and_by_day
@pytest.mark.parametrize("stream", ADD)
def test_a_store_hands_out_the_records_of_a_window(
    store: ElasticPathStandIn, source: ElasticPathSource, stream: str, by_day: bool
) -> None:
    store.habits.day_granularity = by_day
    for _ in range(30):
        ADD[stream](store)
        store.advance(HOUR.total_seconds())

    pages = list(source.created_between(NOW + 3 * HOUR, NOW + 20 * HOUR, stream))

    found = [record.created_at for page in pages for record in page.records]
    assert sorted(set(found)) == [NOW + hours * HOUR for hours in range(3, 20)]


@pytest.mark.parametrize("stream", ["orders", "customers"])
def test_one_small_request_counts_a_window(
    store: ElasticPathStandIn, source: ElasticPathSource, stream: str
) -> None:
    for _ in range(30):
        ADD[stream](store)
        store.advance(HOUR.total_seconds())
    source.count(stream, LONG_AGO, NOW)  # asks for a token as well
    asked = store.requests.total

    assert source.count(stream, NOW + 3 * HOUR, NOW + 20 * HOUR) == 17
    assert store.requests.total == asked + 1


def test_orders_are_counted_by_how_they_stand(store: ElasticPathStandIn, source: ElasticPathSource) -> None:
    paid, _ = store.place_order(), store.place_order()
    store.pay(paid)

    assert source.count("orders", LONG_AGO, NOW + HOUR, payment="paid") == 1
    assert source.count("orders", LONG_AGO, NOW + HOUR, payment="paid", status="cancelled") == 0


def test_members_cannot_be_counted(source: ElasticPathSource) -> None:
    assert source.count("account_members", LONG_AGO, NOW) is None


@pytest.mark.parametrize("hours", [0, 3])
@by_second_and_by_day
def test_a_store_is_seen_to_filter_by_the_second_or_by_the_day(
    store: ElasticPathStandIn, source: ElasticPathSource, by_day: bool, hours: int
) -> None:
    store.habits.day_granularity = by_day
    store.advance((hours * HOUR).total_seconds())
    for _ in range(3):
        store.place_order()
        store.advance(60)

    assert source.filters_by_second("orders", NOW) is not by_day
