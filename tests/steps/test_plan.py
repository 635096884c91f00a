"""A plan: what cannot be asked for, how it is cut, and what it comes to; only counts are asked for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from backfills import DAY, HOUR, SIZES, captured, planned, wish
from pipeline import Pipeline, pipeline, settings
from proofs.books import deliveries

from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Plan
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.estimate import Rates
from commerce_events.steps.plan import changes_since

pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IN_2998 = datetime(2998, 1, 1, tzinfo=UTC)
QUICK = Rates(requests=10.0, events=1_000.0)


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    """A store with two years of orders, and a live sync that begins after them."""
    with pipeline(ledger, start="2100-01-01T00:00:00Z") as line:
        now = line.shop.clock.replace(microsecond=0)
        for days in range(720, 0, -6):
            line.shop.clock = now - days * DAY
            order = line.shop.place_order(buyer="guest", currency="USD")
            if days % 12 == 0:
                line.shop.pay(order)
        line.shop.clock = now
        yield line


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"start": NOON, "end": NOON}, "from and to are the same"),
        ({"start": NOON, "end": NOON - HOUR}, r"from \(2026-03-01 12:00:00Z\) must be before to"),
        ({"end": IN_2998}, r"to \(2998-01-01 00:00:00Z\) lies in the future"),
        (
            {"start": datetime(2998, 1, 1, tzinfo=UTC), "end": datetime(2999, 1, 1, tzinfo=UTC)},
            "in the future",
        ),
        ({"streams": ("parcels",)}, "unknown stream 'parcels'; allowed: customers, account_members, orders"),
        ({"streams": ()}, "no stream is named"),
        ({"trackings": ()}, "no tracking is named"),
        ({"share": 0.0}, "share of the rates must be more than 0"),
        ({"share": 1.5}, "share of the rates must be more than 0"),
        ({"transactions": "some"}, "transactions must be one of all, refunded, never"),
        ({"fence_hours": -1}, "fence hours must not be negative"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_store_is_asked(
    line: Pipeline, changes: dict[str, Any], fault: str
) -> None:
    asked = line.shop.requests.total

    with pytest.raises(ConfigurationError, match=fault):
        planned(line, wish(line, **changes))

    assert line.shop.requests.total == asked
    assert line.ledger.plans.latest(9) == []


def test_a_span_behind_the_fence_is_left_to_the_live_sync(line: Pipeline) -> None:
    line.settings = settings()
    young = line.shop.clock.replace(microsecond=0) - 48 * HOUR

    with pytest.raises(ConfigurationError, match="newer than the fence, 72 hours before now"):
        planned(line, wish(line, start=young, fence_hours=72))


def test_a_plan_is_kept_as_it_was_made(line: Pipeline) -> None:
    plan = planned(line, wish(line, trackings=(Kind.ORDER_COMPLETED,), share=0.25), replace(SIZES, window=30))

    assert line.ledger.plans.get(plan.id) == plan
    assert line.ledger.plans.latest(5) == [plan]


@pytest.mark.parametrize("by_day", [False, True], ids=["by second", "by day"])
def test_every_order_is_in_one_window_whatever_the_store_tells_apart(line: Pipeline, by_day: bool) -> None:
    line.shop.habits.day_granularity = by_day
    start = line.shop.clock.replace(microsecond=0) - 700 * DAY + timedelta(seconds=1)
    plan = planned(line, wish(line, start=start, end=start + 600 * DAY), replace(SIZES, window=10))

    captured(line, plan)

    inside = [one["id"] for one in line.shop.orders() if start <= created(one) < start + 600 * DAY]
    assert len(plan.windows) > 5
    assert set(line.ledger.records.states("main", "orders", line.shop.order_ids())) == set(inside)


def created(order: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(order["meta"]["timestamps"]["created_at"])


def test_a_day_is_24_hours_of_utc_and_23_where_the_clocks_go_forward(line: Pipeline) -> None:
    """Bounds with offsets are moments: the last Sunday of March in Paris has an hour less."""
    winter, summer = timezone(HOUR), timezone(2 * HOUR)
    start, end = datetime(2026, 3, 29, tzinfo=winter), datetime(2026, 3, 30, tzinfo=summer)
    line.shop.clock = start + timedelta(hours=22, minutes=59)
    last = line.shop.place_order(buyer="guest")
    line.shop.clock = end
    line.shop.place_order(buyer="guest")
    line.shop.clock = end + DAY

    plan = planned(line, wish(line, start=start, end=end))
    captured(line, plan)

    assert plan.counted == 1
    assert list(line.ledger.records.states("main", "orders", line.shop.order_ids())) == [last]


def test_a_leap_day_is_a_day(line: Pipeline) -> None:
    line.shop.clock = datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)
    line.shop.place_order(buyer="guest")
    line.shop.clock = datetime(2028, 3, 2, tzinfo=UTC)
    span = {"start": datetime(2028, 2, 29, tzinfo=UTC), "end": datetime(2028, 3, 1, tzinfo=UTC)}

    assert planned(line, wish(line, **span)).counted == 1


def test_an_empty_store_is_one_window_of_nothing(ledger: Ledger) -> None:
    with pipeline(ledger) as empty:
        plan = planned(empty, wish(empty, streams=("orders", "customers")))
        captured(empty, plan)

    assert [(one.stream, one.counted) for one in plan.windows] == [("customers", 0), ("orders", 0)]
    assert deliveries(ledger) == []


def test_messages_and_requests_are_what_was_estimated(line: Pipeline) -> None:
    plan = planned(line, wish(line))
    line.shop.requests.clear()

    captured(line, plan)

    assert plan.estimate.messages == len(deliveries(line.ledger)) == 120 + 60
    listed, paid = line.shop.requests.counts["GET /v2/orders"], 60
    assert plan.estimate.requests == listed + paid


@pytest.mark.parametrize(
    ("transactions", "share", "rates", "seconds"),
    [
        ("all", 1.0, QUICK, 7),  # 62 requests, ten in a second
        ("all", 0.5, QUICK, 13),
        ("never", 1.0, QUICK, 1),
        ("never", 1.0, Rates(10.0, 1.0), 180),  # the destination is slower
    ],
)
def test_it_takes_as_long_as_the_slower_of_store_and_destination(
    line: Pipeline, transactions: str, share: float, rates: Rates, seconds: int
) -> None:
    plan = planned(line, wish(line, transactions=transactions, share=share), rates=rates)

    assert plan.estimate.seconds == seconds


def test_a_task_has_work_for_ten_seconds_at_least(line: Pipeline) -> None:
    """A fast store and small windows would make more tasks than work."""
    fast, slow = Rates(10_000.0, 1e6), Rates(1.0, 1e6)
    tiny = replace(SIZES, window=10)

    assert len(planned(line, wish(line), tiny, fast).windows) == 1
    assert len(planned(line, wish(line), tiny, slow).windows) > 4


def test_what_changed_in_the_store_since_is_said_window_by_window(line: Pipeline) -> None:
    plan = planned(line, wish(line), replace(SIZES, window=30))
    assert list(changes_since(line.store(), plan)) == []

    now = line.shop.clock
    line.shop.clock = plan.windows[1].start + HOUR
    line.shop.place_order()
    line.shop.clock = now

    [change] = changes_since(line.store(), plan)
    assert (change.window.number, change.now) == (2, (plan.windows[1].counted or 0) + 1)


def test_people_come_before_orders_and_members_are_one_window(ledger: Ledger) -> None:
    with pipeline(ledger, orders=20, people=["customers", "account_members"]) as line:
        plan = planned(line, wish(line, streams=("orders", "account_members", "customers")))

    assert [one.stream for one in plan.windows] == ["customers", "account_members", "orders"]
    assert [one.counted is None for one in plan.windows] == [False, True, False]


def test_the_store_is_asked_for_little(line: Pipeline) -> None:
    line.shop.requests.clear()

    plan = planned(line, wish(line), replace(SIZES, window=30))

    assert len(plan.windows) >= 4
    assert line.shop.requests.counts["GET /v2/orders"] < 25


def test_a_backfill_to_the_first_order_knows_the_past(ledger: Ledger) -> None:
    from commerce_events.steps.backfill import note_past

    with pipeline(ledger, orders=20) as line:
        line.settings = settings(start=(line.shop.clock - 10 * DAY).isoformat(), traits={"computed": True})
        line.capture()
        assert not ledger.charter.knows_past("main")
        part = planned(line, wish(line, start=line.shop.clock.replace(microsecond=0) - 20 * DAY))
        captured(line, part)
        assert not note_past(line.store(), again_of(line, part))

        whole = planned(line, wish(line))
        captured(line, whole)

        assert note_past(line.store(), again_of(line, whole))
        assert ledger.charter.knows_past("main")


def again_of(line: Pipeline, plan: Plan) -> Plan:
    found = line.ledger.plans.get(plan.id)
    assert found is not None
    return found


@pytest.mark.parametrize("by_day", [False, True], ids=["by second", "by day"])
def test_the_day_on_which_a_span_ends_is_counted(line: Pipeline, by_day: bool) -> None:
    """A store that filters by the day counts nothing of it unless it is asked for the whole day."""
    line.shop.habits.day_granularity = by_day
    line.shop.clock = NOON + 400 * DAY
    for _ in range(20):
        line.shop.place_order()
    line.shop.clock += DAY

    plan = planned(line, wish(line, start=NOON + 300 * DAY, end=NOON + 400 * DAY + HOUR))

    assert plan.counted == 20
