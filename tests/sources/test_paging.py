"""The walk over orders and customers: nothing is skipped, whatever the store does with ties and offsets."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_list import START, Document, StoreList, names, row

from commerce_events.domain.errors import ConfigurationError, TransientError
from commerce_events.sources.elasticpath.listing import Listing, Query
from commerce_events.sources.elasticpath.paging import Course, Limits, Portion, Walk
from commerce_events.sources.elasticpath.span import Span
from commerce_events.sources.elasticpath.streams import CUSTOMERS, ORDERS

both = pytest.mark.parametrize("course", [ORDERS, CUSTOMERS], ids=["orders", "customers"])


def walk(fetch: StoreList, after: str | None = None, course: Course = ORDERS, **limits: int) -> list[Portion]:
    return list(
        Walk(fetch, Span.changed_since(START), Limits(**{"page": 10, **limits}), course).portions(after)
    )


created = st.lists(st.integers(0, 400_000) | st.integers(0, 5) | st.integers(90_000, 90_003), max_size=120)


@both
@given(
    seconds=created,
    seed=st.integers(0, 1000),
    by_day=st.booleans(),
    page=st.integers(2, 12),
    most=st.integers(2, 12),
)
@settings(max_examples=80, deadline=None)
def test_every_record_comes_once_whatever_the_ties(
    course: Course, seconds: list[int], seed: int, by_day: bool, page: int, most: int
) -> None:
    orders = [row(f"order-{number}", second) for number, second in enumerate(seconds)]
    store = StoreList(orders, seed=seed, by_day=by_day, most=most)

    found = names(walk(store, course=course, page=page, passes=400))

    assert set(found) == {one["id"] for one in orders}
    if not by_day:
        assert all(count == 1 for count in found.values())


@both
@pytest.mark.parametrize("by_day", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_records_that_change_or_leave_the_list_while_it_is_read_cost_no_other_record(
    course: Course, seed: int, by_day: bool
) -> None:
    dice = Random(seed)
    seconds = [dice.choice((dice.randrange(200_000), dice.randrange(8), 100_000)) for _ in range(150)]
    store = StoreList(
        [row(f"order-{n}", second) for n, second in enumerate(seconds)], seed=seed, by_day=by_day
    )
    there = {one["id"] for one in store.rows}

    def disturb() -> None:
        match dice.randrange(3):
            case 0:
                store.rows.append(row(f"new-{len(store.asked)}", dice.randrange(200_000)))
            case 1:
                store.touch(dice.choice(store.rows), 300_000 + len(store.asked))
            case _ if dice.random() < 0.2:
                there.discard(store.rows.pop(dice.randrange(len(store.rows)))["id"])

    store.before_each = disturb

    assert there <= set(names(walk(store, course=course, passes=400)))


def test_orders_that_move_up_between_two_pages_of_a_day_are_not_jumped_over() -> None:
    """A store that filters by day is paged by offset, which is wrong once orders before it have left."""
    orders = [row(f"order-{n}", n) for n in range(80)]
    store = StoreList(orders.copy(), by_day=True)
    gone: set[str] = set()

    def take_three_that_were_read() -> None:
        if len(store.asked) in (4, 5):
            gone.update(one["id"] for one in store.rows[:3])
            del store.rows[:3]

    store.before_each = take_three_that_were_read

    found = names(walk(store))

    assert len(gone) == 6
    assert set(found) == {one["id"] for one in orders}


def test_an_order_that_changes_behind_the_reader_comes_again_only_where_it_is_met_again() -> None:
    orders = [row(f"order-{n}", n // 6) for n in range(30)]
    store = StoreList(orders)

    def touch_all() -> None:
        for one in orders:
            store.touch(one, 1_000 + len(store.asked))

    store.before_each = touch_all
    found = names(walk(store))

    assert set(found) == {one["id"] for one in orders}
    assert max(found.values()) == 2


@both
@pytest.mark.parametrize("by_day", [False, True])
def test_a_walk_resumes_behind_any_page(course: Course, by_day: bool) -> None:
    dice = Random(7)
    orders = [row(f"order-{n}", dice.choice((dice.randrange(300_000), 50, 51))) for n in range(120)]
    portions = walk(StoreList(orders, by_day=by_day), course=course, passes=100)

    for stop in range(len(portions)):
        again = StoreList(orders, seed=stop, by_day=by_day)
        rest = walk(again, portions[stop].cursor, course=course, passes=100)
        assert set(names(portions[: stop + 1]) + names(rest)) == {one["id"] for one in orders}


@both
def test_a_resumed_walk_does_not_begin_again_from_the_start(course: Course) -> None:
    orders = [row(f"order-{n}", n) for n in range(100)]
    portions = walk(StoreList(orders), course=course)

    rest = walk(StoreList(orders), portions[-2].cursor, course=course)

    assert sum(names(rest).values()) < 20


def test_an_unreadable_cursor_begins_from_the_start() -> None:
    orders = [row(f"order-{n}", n) for n in range(30)]

    assert set(names(walk(StoreList(orders), "not JSON"))) == {one["id"] for one in orders}


def test_an_empty_store_still_tells_its_time() -> None:
    (only,) = walk(StoreList([]))

    assert only.rows == ()
    assert only.served_at == START


def test_what_was_updated_before_the_start_is_dropped_from_a_store_that_filters_by_day() -> None:
    orders = [row("early", -7_000, -3_600), row("late", -7_000, 60)]

    assert set(names(walk(StoreList(orders, by_day=True)))) == {"late"}


@both
@pytest.mark.parametrize("count", [9, 10, 11, 90, 99, 100])
def test_a_second_with_more_rows_than_a_page_is_read_completely(course: Course, count: int) -> None:
    orders = [row(f"order-{n}", 5) for n in range(count)] + [row("behind", 6)]
    store = StoreList(orders, seed=count, wall=120)

    assert names(walk(store, course=course, wall=120)) == Counter(one["id"] for one in orders)


@both
def test_many_records_are_read_past_the_stores_last_offset(course: Course) -> None:
    orders = [row(f"order-{n}", n // 3) for n in range(500)]

    assert len(names(walk(StoreList(orders, wall=100), course=course, wall=100))) == 500


@both
def test_many_records_are_read_past_the_last_offset_of_a_store_that_filters_by_day(course: Course) -> None:
    orders = [row(f"order-{n}", n * 3_000) for n in range(500)]
    store = StoreList(orders, wall=100, by_day=True)

    assert len(names(walk(store, course=course, wall=100))) == 500


def test_a_second_that_cannot_be_passed_is_named() -> None:
    orders = [row(f"order-{n}", 5) for n in range(101)]

    with pytest.raises(
        ConfigurationError, match=r"the second 2026-03-01T12:00:05Z has more orders than the 100"
    ):
        walk(StoreList(orders, wall=100), wall=100)


def test_a_day_that_cannot_be_passed_is_named() -> None:
    orders = [row(f"order-{n}", n * 10) for n in range(150)]

    with pytest.raises(ConfigurationError, match=r"filters orders by day only, and 2026-03-01 has more"):
        walk(StoreList(orders, wall=100, by_day=True), wall=100)


def test_a_second_whose_orders_never_all_come_is_an_error_and_not_a_gap() -> None:
    orders = [row(f"order-{n}", 5) for n in range(60)]

    with pytest.raises(
        TransientError, match="2 readings of the second 2026-03-01T12:00:05Z did not bring all"
    ):
        walk(StoreList(orders), passes=2)


def test_a_store_that_does_not_sort_is_refused() -> None:
    class Unsorted(StoreList):
        def __call__(self, query: Query) -> Listing:
            listing = super().__call__(query)
            return replace(listing, rows=listing.rows[::-1])

    with pytest.raises(ConfigurationError, match="does not sort by created_at"):
        walk(Unsorted([row(f"order-{n}", n) for n in range(30)]))


def test_rows_that_do_not_say_when_they_were_created_are_handed_out_and_stop_nothing() -> None:
    orders = [row(f"order-{n}", n) for n in range(40)]
    broken = {
        "id": "broken",
        "meta": {"timestamps": {"created_at": "2026-03-01T12:00:15", "updated_at": "soon"}},
    }

    class WithBroken(StoreList):
        def _passes(self, one: Document, bounds: dict[str, str]) -> bool:
            return one is broken or super()._passes(one, bounds)

    found = names(walk(WithBroken([*orders, broken])))

    assert set(found) == {one["id"] for one in [*orders, broken]}
    assert found["broken"] == 1


def test_the_question_has_no_upper_end_and_always_starts_at_the_first_row() -> None:
    store = StoreList([row(f"order-{n}", n) for n in range(25)])

    walk(store)

    assert store.asked[0] == ('ge(updated_at,"2026-03-01T12:00:00Z")', 0, 10)
    assert store.asked[1] == (
        'ge(updated_at,"2026-03-01T12:00:00Z"):ge(created_at,"2026-03-01T12:00:09Z")', 0, 10
    )  # fmt: skip


def test_customers_are_asked_for_by_their_last_change_alone() -> None:
    store = StoreList([row(f"customer-{n}", n - 100, n) for n in range(25)])

    walk(store, course=CUSTOMERS)

    assert store.asked[:2] == [
        ('ge(updated_at,"2026-03-01T12:00:00Z")', 0, 10),
        ('ge(updated_at,"2026-03-01T12:00:09Z")', 0, 10),
    ]


@pytest.mark.parametrize("by_day", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_a_customer_who_changes_again_and_again_is_met_as_last_changed(seed: int, by_day: bool) -> None:
    dice = Random(seed)
    store = StoreList([row(f"customer-{n}", dice.randrange(40)) for n in range(80)], seed=seed, by_day=by_day)
    met: dict[str, str] = {}

    def disturb() -> None:
        for one in dice.sample(store.rows, 6) if len(store.asked) < 25 else []:
            store.touch(one, 100 + len(store.asked))

    store.before_each = disturb
    for portion in Walk(store, Span.changed_since(START), Limits(page=10, passes=400), CUSTOMERS).portions():
        met.update({one.identity: one.document["meta"]["timestamps"]["updated_at"] for one in portion.rows})

    assert met == {one["id"]: one["meta"]["timestamps"]["updated_at"] for one in store.rows}
