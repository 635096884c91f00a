"""A backfill tells the past once: what was never seen, and what was filtered when it was."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from backfills import DAY, SIZES, again, backfilled, captured, planned, wish
from pipeline import Pipeline, pipeline, settings
from proofs.books import check_arrivals, check_books, deliveries, known

from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Stage
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.backfill import capture_window
from commerce_events.steps.cancel import cancel

NEVER = "2100-01-01T00:00:00Z"  # the start of a live sync that tells nothing of what there is
SMALL = replace(SIZES, window=10)
COMPLETED = (Kind.ORDER_COMPLETED,)


@pytest.fixture
def late(ledger: Ledger) -> Iterator[Pipeline]:
    """A store whose live sync begins after all of its orders."""
    with pipeline(ledger, orders=44, start=NEVER) as line:
        yield line


@pytest.fixture
def shop(ledger: Ledger) -> Iterator[Pipeline]:
    """An empty store, half a year ago, and a live sync that will begin in three months."""
    with pipeline(ledger) as line:
        line.shop.clock -= 180 * DAY
        line.settings = settings(start=(line.shop.clock + 90 * DAY).isoformat())
        yield line


def pass_days(line: Pipeline, days: float) -> None:
    line.shop.advance(days * DAY.total_seconds())


def fates(line: Pipeline, order_id: str) -> dict[str, str]:
    """What became of each fact of an order: why it was filtered, or its status."""
    rows = line.ledger.reports.of_record("main", "orders", order_id)
    return {row.kind: row.reason or row.status for row in rows}


def everything(line: Pipeline) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in deliveries(line.ledger))


def test_what_nobody_has_seen_is_told_as_the_live_sync_would_have(late: Pipeline, undisturbed) -> None:
    expected = undisturbed(replace(late, settings=settings()))

    backfilled(late, SMALL)
    late.deliver()

    assert late.segment.unique().keys() == expected.segment.unique().keys()
    assert known(late.ledger) == known(expected.ledger)
    check_books(late.ledger)
    check_arrivals(late)


def test_its_messages_keep_their_times_and_are_marked(late: Pipeline, undisturbed) -> None:
    expected = undisturbed(replace(late, settings=settings())).segment.unique()
    plan = planned(late, wish(late))

    captured(late, plan)
    late.deliver()

    for name, message in late.segment.unique().items():
        assert message["timestamp"] == expected[name]["timestamp"]
        assert message["context"]["backfill"] == {"id": plan.id}
        assert message["integrations"] == {"All": False}


def test_what_the_live_sync_found_too_old_is_told_after_all(shop: Pipeline) -> None:
    order = shop.shop.place_order(buyer="guest")
    shop.shop.pay(order)
    pass_days(shop, 100)
    shop.shop.fulfil(order)
    shop.capture()
    assert fates(shop, order) == {"checkout_started": "before_start", "order_completed": "before_start"}

    backfilled(shop)
    shop.deliver()

    assert fates(shop, order) == {"checkout_started": "accepted", "order_completed": "accepted"}
    assert [one["event"] for one in shop.messages()] == ["Checkout Started", "Order Completed"]
    check_books(shop.ledger)
    check_arrivals(shop)


def test_a_second_backfill_of_the_span_adds_nothing_and_asks_for_no_transactions(late: Pipeline) -> None:
    backfilled(late)
    before = everything(late)
    late.shop.on_request(lambda request: asked.append(request.path))
    asked: list[str] = []

    backfilled(late)

    assert everything(late) == before
    assert [path for path in asked if "transactions" in path] == []


def test_trackings_that_were_left_out_can_be_told_later(late: Pipeline, undisturbed) -> None:
    expected = undisturbed(replace(late, settings=settings()))
    backfilled(late, trackings=COMPLETED)
    assert {row.kind for row in deliveries(late.ledger) if row.status == "pending"} == {"order_completed"}

    backfilled(late)
    late.deliver()

    assert late.segment.unique().keys() == expected.segment.unique().keys()
    check_books(late.ledger)


def test_refunds_told_after_all_add_up(shop: Pipeline) -> None:
    order = shop.shop.place_order(buyer="guest", currency="USD")
    shop.shop.pay(order)
    shop.settings = settings(trackings={"order_refunded": {"enabled": False}})
    for part in (100, 200):
        pass_days(shop, 1)
        shop.shop.refund(order, part)
        shop.capture()
    assert fates(shop, order)["order_refunded"] == "tracking_off"

    backfilled(shop)
    shop.deliver()

    refunds = shop.messages("Order Refunded")
    assert [one["properties"]["total"] for one in refunds] == [1.0, 2.0]


def test_a_paid_order_yields_its_whole_life_in_order(shop: Pipeline) -> None:
    order = shop.shop.place_order(buyer="guest")
    for step in (shop.shop.pay, shop.shop.fulfil, shop.shop.refund):
        pass_days(shop, 1)
        step(order)

    backfilled(shop)
    shop.deliver()

    assert [one["event"] for one in shop.messages()] == [
        "Checkout Started",
        "Order Completed",
        "Order Refunded",
    ]
    assert [one["timestamp"] for one in shop.messages()] == sorted(
        one["timestamp"] for one in shop.messages()
    )


def test_the_people_behind_orders_come_before_them(ledger: Ledger) -> None:
    with pipeline(ledger, orders=20, start=NEVER, people=["customers"]) as line:
        backfilled(line)
        line.deliver()

        customers, arrived = line.shop.customer_ids(), [one.message for one in line.segment.received()]
    identified = [one["userId"] for one in arrived if one["type"] == "identify"]
    assert set(identified) & set(customers)
    for who in customers:
        assert [one["type"] for one in arrived if one.get("userId") == who][:1] in ([], ["identify"])


class TestFence:
    """What happened since the fence is the live sync's to tell."""

    def test_a_fact_behind_the_fence_is_left_and_then_told_live(self, shop: Pipeline) -> None:
        pass_days(shop, 100)
        order = shop.shop.place_order(buyer="guest")
        pass_days(shop, 10)
        shop.shop.pay(order)
        pass_days(shop, 1)

        backfilled(shop, fence_hours=72)
        assert fates(shop, order) == {"checkout_started": "pending", "order_completed": "fence"}
        shop.capture()
        shop.deliver()

        assert fates(shop, order) == {"checkout_started": "accepted", "order_completed": "accepted"}
        [completed] = shop.messages("Order Completed")
        assert "backfill" not in completed["context"]
        check_books(shop.ledger)
        check_arrivals(shop, in_order=False)  # the live one goes first

    def test_what_was_created_behind_it_is_not_even_read(self, shop: Pipeline) -> None:
        pass_days(shop, 100)
        shop.shop.place_order(buyer="guest")
        pass_days(shop, 10)
        young = shop.shop.place_order(buyer="guest")
        pass_days(shop, 1)

        backfilled(shop, fence_hours=72)

        assert shop.ledger.records.states("main", "orders", [young]) == {}

    def test_nothing_is_left_to_a_live_sync_that_had_not_begun(self, shop: Pipeline) -> None:
        pass_days(shop, 89)
        order = shop.shop.place_order(buyer="guest")
        shop.shop.pay(order)
        pass_days(shop, 2)

        backfilled(shop, fence_hours=72)

        assert fates(shop, order) == {"checkout_started": "pending", "order_completed": "pending"}

    def test_what_changed_in_a_known_order_is_left_to_the_live_sync(self, shop: Pipeline) -> None:
        pass_days(shop, 100)
        order = shop.shop.place_order(buyer="guest")
        shop.run()
        pass_days(shop, 1)
        shop.shop.pay(order)
        pass_days(shop, 9)

        backfilled(shop, fence_hours=72)
        assert fates(shop, order) == {"checkout_started": "accepted"}
        shop.run()

        [completed] = shop.messages("Order Completed")
        assert "backfill" not in completed["context"]

    def test_it_is_told_by_a_backfill_that_is_asked_for_it(self, shop: Pipeline) -> None:
        pass_days(shop, 100)
        order = shop.shop.place_order(buyer="guest")
        shop.shop.pay(order)

        pass_days(shop, 0.1)
        backfilled(shop, fence_hours=0)

        assert fates(shop, order) == {"checkout_started": "pending", "order_completed": "pending"}


class TestCancel:
    def test_a_cancelled_backfill_goes_on_where_it_was(self, late: Pipeline, undisturbed) -> None:
        expected = undisturbed(replace(late, settings=settings()))
        late.paging = replace(late.paging, page=5)
        plan = planned(late, wish(late), SMALL)
        first = plan.windows[0].number

        def stop(*_: object) -> None:
            cancel(late.ledger, plan, late.clock.now(), withdraw=False)

        capture_window(late.store(), plan, first, stop)
        stopped = again(late, plan)
        assert stopped.stage is Stage.CANCELLED
        assert 0 < stopped.read < 44
        check_books(late.ledger)

        captured(late, plan)
        late.deliver()

        assert again(late, plan).stage is Stage.CAPTURED
        assert late.segment.unique().keys() == expected.segment.unique().keys()

    def test_withdrawn_messages_are_told_when_the_plan_is_applied_again(
        self, late: Pipeline, undisturbed
    ) -> None:
        expected = undisturbed(replace(late, settings=settings()))
        plan = planned(late, wish(late))
        captured(late, plan)
        gone = cancel(late.ledger, plan, late.clock.now(), withdraw=True)
        late.deliver()
        assert (gone > 0, late.messages(), late.statuses()["pending"]) == (True, [], 0)
        check_books(late.ledger)

        captured(late, plan)
        late.deliver()

        assert late.segment.unique().keys() == expected.segment.unique().keys()
        check_books(late.ledger)
        check_arrivals(late)

    def test_what_a_worker_holds_is_not_withdrawn(self, late: Pipeline) -> None:
        plan = planned(late, wish(late))
        captured(late, plan)
        late.ledger.lanes.prepare("segment")
        claim = late.ledger.lanes.claim("segment", late.clock.now(), lanes=3, per_lane=100)

        cancel(late.ledger, plan, late.clock.now(), withdraw=True)

        assert late.ledger.withdrawal.pending(plan.id) == len(claim.messages) > 0
