"""The walk over the order list: nothing is skipped, whatever the store does with ties, days and offsets."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce_events.domain.errors import ConfigurationError, TransientError
from commerce_events.sources.elasticpath.listing import Listing, Row
from commerce_events.sources.elasticpath.paging import Limits, Portion, Walk

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
Document = dict[str, Any]


def stamp(second: int) -> str:
    return f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}"


def order(name: str, created: int, updated: int | None = None) -> Document:
    times = {"created_at": stamp(created), "updated_at": stamp(created if updated is None else updated)}
    return {"id": name, "meta": {"timestamps": times}}


class ListOfOrders:
    """The list as a function: ties shuffled at each request, a last offset, filters by day if so."""

    def __init__(
        self,
        orders: list[Document],
        *,
        seed: int = 0,
        by_day: bool = False,
        wall: int = 10_000,
        most: int = 100,
    ) -> None:
        self.orders = orders
        self.dice = Random(seed)
        self.by_day = by_day
        self.wall = wall
        self.most = most
        self.before_each: Callable[[], None] = lambda: None
        self.asked: list[tuple[str, int, int]] = []

    def __call__(self, filters: str, offset: int, limit: int) -> Listing:
        assert offset + limit <= self.wall
        self.before_each()
        self.asked.append((filters, offset, limit))
        bounds = dict(re.findall(r'ge\((\w+),"([^"]+)"\)', filters))
        rows = [one for one in self.orders if self._passes(one["meta"]["timestamps"], bounds)]
        self.dice.shuffle(rows)
        rows.sort(key=lambda one: str(one["meta"]["timestamps"]["created_at"]))
        page = rows[offset : offset + min(limit, self.most)]
        return Listing(tuple(map(Row.of, page)), {}, len(rows), offset, limit, START)

    def _passes(self, times: dict[str, str], bounds: dict[str, str]) -> bool:
        length = 10 if self.by_day else 20
        return all(times[name][:length] >= bound[:length] for name, bound in bounds.items())


def walk(fetch: ListOfOrders, after: str | None = None, **limits: int) -> list[Portion]:
    return list(Walk(fetch, START, Limits(**{"page": 10, **limits})).portions(after))


def names(portions: list[Portion]) -> Counter[str]:
    return Counter(row.identity for portion in portions for row in portion.rows)


created = st.lists(st.integers(0, 400_000) | st.integers(0, 5) | st.integers(90_000, 90_003), max_size=120)


@given(created, st.integers(0, 1000), st.booleans(), st.integers(2, 12), st.integers(2, 12))
@settings(max_examples=120, deadline=None)
def test_every_order_comes_once_whatever_the_ties(
    seconds: list[int], seed: int, by_day: bool, page: int, most: int
) -> None:
    orders = [order(f"order-{number}", second) for number, second in enumerate(seconds)]
    store = ListOfOrders(orders, seed=seed, by_day=by_day, most=most)

    found = names(walk(store, page=page, passes=400))

    assert set(found) == {one["id"] for one in orders}
    if not by_day:
        assert all(count == 1 for count in found.values())


@pytest.mark.parametrize("by_day", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_orders_that_change_or_leave_the_list_while_it_is_read_cost_no_other_order(
    seed: int, by_day: bool
) -> None:
    """Updated orders leave for a while, as on a store whose list lags behind."""
    dice = Random(seed)
    seconds = [dice.choice((dice.randrange(200_000), dice.randrange(8), 100_000)) for _ in range(150)]
    store = ListOfOrders(
        [order(f"order-{n}", second) for n, second in enumerate(seconds)], seed=seed, by_day=by_day
    )
    untouched = {one["id"] for one in store.orders}

    def disturb() -> None:
        match dice.randrange(3):
            case 0:
                store.orders.append(order(f"new-{len(store.asked)}", dice.randrange(200_000)))
            case 1:
                touched = dice.choice(store.orders)
                touched["meta"]["timestamps"]["updated_at"] = stamp(300_000 + len(store.asked))
            case _ if dice.random() < 0.2:
                untouched.discard(store.orders.pop(dice.randrange(len(store.orders)))["id"])

    store.before_each = disturb

    assert untouched <= set(names(walk(store, passes=400)))


def test_orders_that_move_up_between_two_pages_of_a_day_are_not_jumped_over() -> None:
    """A store that filters by day is paged by offset, which is wrong once orders before it have left."""
    orders = [order(f"order-{n}", n) for n in range(80)]
    store = ListOfOrders(orders.copy(), by_day=True)
    gone: set[str] = set()

    def take_three_that_were_read() -> None:
        if len(store.asked) in (4, 5):
            gone.update(one["id"] for one in store.orders[:3])
            del store.orders[:3]

    store.before_each = take_three_that_were_read

    found = names(walk(store))

    assert len(gone) == 6
    assert set(found) == {one["id"] for one in orders}


def test_an_order_that_changes_behind_the_reader_comes_again_only_where_it_is_met_again() -> None:
    orders = [order(f"order-{n}", n // 6) for n in range(30)]
    store = ListOfOrders(orders)

    def touch_all() -> None:
        for one in orders:
            one["meta"]["timestamps"]["updated_at"] = stamp(1_000 + len(store.asked))

    store.before_each = touch_all
    found = names(walk(store))

    assert set(found) == {one["id"] for one in orders}
    assert max(found.values()) == 2


@pytest.mark.parametrize("by_day", [False, True])
def test_a_walk_resumes_behind_any_page(by_day: bool) -> None:
    dice = Random(7)
    orders = [order(f"order-{n}", dice.choice((dice.randrange(300_000), 50, 51))) for n in range(120)]
    portions = walk(ListOfOrders(orders, by_day=by_day), passes=100)

    for stop in range(len(portions)):
        rest = walk(ListOfOrders(orders, seed=stop, by_day=by_day), portions[stop].cursor, passes=100)
        assert set(names(portions[: stop + 1]) + names(rest)) == {one["id"] for one in orders}


def test_a_resumed_walk_does_not_begin_again_from_the_start() -> None:
    orders = [order(f"order-{n}", n) for n in range(100)]
    portions = walk(ListOfOrders(orders))

    rest = walk(ListOfOrders(orders), portions[-2].cursor)

    assert sum(names(rest).values()) < 20


def test_an_unreadable_cursor_begins_from_the_start() -> None:
    orders = [order(f"order-{n}", n) for n in range(30)]

    assert set(names(walk(ListOfOrders(orders), "not JSON"))) == {one["id"] for one in orders}


def test_an_empty_store_still_tells_its_time() -> None:
    (only,) = walk(ListOfOrders([]))

    assert only.rows == ()
    assert only.served_at == START


def test_what_was_updated_before_the_start_is_dropped_from_a_store_that_filters_by_day() -> None:
    orders = [order("early", -7_000, -3_600), order("late", -7_000, 60)]

    assert set(names(walk(ListOfOrders(orders, by_day=True)))) == {"late"}


@pytest.mark.parametrize("count", [9, 10, 11, 90, 99, 100])
def test_a_second_with_more_orders_than_a_page_is_read_completely(count: int) -> None:
    orders = [order(f"order-{n}", 5) for n in range(count)] + [order("behind", 6)]
    store = ListOfOrders(orders, seed=count, wall=120)

    assert names(walk(store, wall=120)) == Counter(one["id"] for one in orders)


def test_many_orders_are_read_past_the_stores_last_offset() -> None:
    orders = [order(f"order-{n}", n // 3) for n in range(500)]

    assert len(names(walk(ListOfOrders(orders, wall=100), wall=100))) == 500


def test_many_orders_are_read_past_the_last_offset_of_a_store_that_filters_by_day() -> None:
    orders = [order(f"order-{n}", n * 3_000) for n in range(500)]

    assert len(names(walk(ListOfOrders(orders, wall=100, by_day=True), wall=100))) == 500


def test_a_second_that_cannot_be_passed_is_named() -> None:
    orders = [order(f"order-{n}", 5) for n in range(101)]

    with pytest.raises(
        ConfigurationError, match=r"the second 2026-03-01T12:00:05Z has more orders than the 100"
    ):
        walk(ListOfOrders(orders, wall=100), wall=100)


def test_a_day_that_cannot_be_passed_is_named() -> None:
    orders = [order(f"order-{n}", n * 10) for n in range(150)]

    with pytest.raises(ConfigurationError, match=r"filters orders by day only, and 2026-03-01 has more"):
        walk(ListOfOrders(orders, wall=100, by_day=True), wall=100)


def test_a_second_whose_orders_never_all_come_is_an_error_and_not_a_gap() -> None:
    orders = [order(f"order-{n}", 5) for n in range(60)]

    with pytest.raises(
        TransientError, match="2 readings of the second 2026-03-01T12:00:05Z did not bring all"
    ):
        walk(ListOfOrders(orders), passes=2)


def test_a_store_that_does_not_sort_is_refused() -> None:
    class Unsorted(ListOfOrders):
        def __call__(self, filters: str, offset: int, limit: int) -> Listing:
            listing = super().__call__(filters, offset, limit)
            return Listing(listing.rows[::-1], {}, listing.total, offset, limit, START)

    with pytest.raises(ConfigurationError, match="does not sort by created_at"):
        walk(Unsorted([order(f"order-{n}", n) for n in range(30)]))


def test_rows_that_do_not_say_when_they_were_created_are_handed_out_and_stop_nothing() -> None:
    orders = [order(f"order-{n}", n) for n in range(40)]
    broken = {
        "id": "broken",
        "meta": {"timestamps": {"created_at": "2026-03-01T12:00:15", "updated_at": "soon"}},
    }

    class WithBroken(ListOfOrders):
        def _passes(self, times: dict[str, str], bounds: dict[str, str]) -> bool:
            return times["updated_at"] == "soon" or super()._passes(times, bounds)

    found = names(walk(WithBroken([*orders, broken])))

    assert set(found) == {one["id"] for one in [*orders, broken]}
    assert found["broken"] == 1


def test_the_question_has_no_upper_end_and_always_starts_at_the_first_row() -> None:
    store = ListOfOrders([order(f"order-{n}", n) for n in range(25)])

    walk(store)

    assert store.asked[0] == ('ge(updated_at,"2026-03-01T12:00:00Z")', 0, 10)
    assert store.asked[1] == (
        'ge(updated_at,"2026-03-01T12:00:00Z"):ge(created_at,"2026-03-01T12:00:09Z")', 0, 10
    )  # fmt: skip
