"""What was there before the switch is a baseline: nothing of it is sent, and what comes after is."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from backfills import backfilled
from pipeline import Pipeline, pipeline

from commerce_events.domain.errors import CommerceEventsError, ConfigurationError
from commerce_events.domain.moments import EPOCH
from commerce_events.domain.states import Adoption
from commerce_events.sandbox.faults import status
from commerce_events.steps import adopt as step
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.store import OpenStore
from commerce_events.steps.verify import verify

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SWITCH = datetime(2026, 3, 1, tzinfo=UTC)
AFTER = SWITCH + timedelta(hours=1)
SINCE = {"start": "2026-03-01T00:00:00Z"}


def adopt(store: OpenStore, before: datetime, since: datetime = EPOCH, *missing: str) -> Counter[str]:
    return step.adopt(store, Adoption(since, before, frozenset(missing)))


def events(line: Pipeline) -> Counter[str]:
    """What was told of orders. Who bought is told beside it, with what nobody had told of them before."""
    return Counter(message["event"] for message in line.messages() if message["type"] == "track")


def history(line: Pipeline) -> list[str]:
    """Three orders of before the switch: unpaid, paid, and refunded in part."""
    line.shop.clock = SWITCH - timedelta(days=30)
    orders = [line.shop.place_order(buyer="customer", currency="USD") for _ in range(3)]
    for order in orders[1:]:
        line.shop.pay(order)
    line.shop.refund(orders[2], 100)
    line.shop.clock = AFTER
    return orders


def test_nothing_of_before_the_switch_is_sent(ledger):
    with pipeline(ledger, orders=60, people=["customers"]) as line:
        before = line.clock.now()

        outcome = adopt(line.store(), before)
        line.run()
        capture_changes(line.store(), "customers")
        line.deliver()

        assert line.messages() == []
        assert outcome["checkout_started filtered"] == 60
        assert set(line.statuses()) == {"filtered"}
        account = verify(line.store(), "orders", LONG_AGO, before)
        assert account.is_complete
        assert dict(account.reasons()) == {"filtered adopted": 60}


def test_later_changes_tell_only_what_is_new(ledger):
    with pipeline(ledger, people=["customers"], **SINCE) as line:
        unpaid, paid, refunded = history(line)
        adopt(line.store(), SWITCH)
        line.shop.pay(unpaid)
        line.shop.edit(paid, external_ref="changed")
        line.shop.refund(refunded, 50)
        line.shop.place_order(buyer="guest")

        line.run()

        assert events(line) == {
            "Order Completed": 1,
            "Order Updated": 1,
            "Order Refunded": 1,
            "Checkout Started": 1,
        }
        (refund,) = line.messages("Order Refunded")
        assert refund["properties"]["total"] == 0.5


def test_what_happened_between_the_switch_and_the_adoption_is_told(ledger):
    with pipeline(ledger, people=["customers"], **SINCE) as line:
        unpaid, *_ = history(line)
        line.shop.pay(unpaid)

        outcome = adopt(line.store(), SWITCH)
        line.deliver()

        assert outcome["order_completed pending"] == 1
        assert events(line) == {"Order Completed": 1}


def test_what_was_adopted_no_backfill_tells_again(ledger):
    with pipeline(ledger, **SINCE) as line:
        history(line)
        adopt(line.store(), SWITCH)

        backfilled(line)
        line.deliver()

        assert line.messages() == []


def test_a_backfill_tells_what_the_other_integration_never_did(ledger):
    with pipeline(ledger, people=["customers"], **SINCE) as line:
        line.shop.clock = SWITCH - timedelta(days=300)
        ancient = line.shop.place_order(buyer="customer")
        adopted, missed, _ = history(line)

        adopt(line.store(), SWITCH, SWITCH - timedelta(days=100), missed)
        line.run()
        assert line.messages() == []
        backfilled(line, streams=("customers", "orders"))
        line.deliver()

        told = {
            message["properties"]["order_id"] for message in line.messages() if message["type"] == "track"
        }
        assert told == {ancient, missed}
        assert line.shop.order(ancient)["relationships"]["customer"]["data"]["id"] in {
            message["userId"] for message in line.messages() if message["type"] == "identify"
        }
        assert adopted not in told


def test_what_the_sync_had_left_out_is_adopted_too(ledger):
    with pipeline(ledger, **SINCE) as line:
        orders = history(line)
        for order in orders:
            line.shop.touch(order)
        line.run()
        assert {row.reason for row in told(line, orders)} == {"before_start"}

        adopt(line.store(), SWITCH)
        backfilled(line)
        line.deliver()

        assert {row.reason for row in told(line, orders)} == {"adopted"}
        assert line.messages() == []


def told(line, orders):
    return [row for order in orders for row in line.ledger.reports.of_record("main", "orders", order)]


def test_a_second_adoption_of_the_same_time_does_nothing(ledger):
    with pipeline(ledger, **SINCE) as line:
        history(line)
        first = adopt(line.store(), SWITCH)
        line.shop.requests.clear()

        second = adopt(line.store(), SWITCH)

        assert (first["changed"], second) == (3, Counter())
        assert line.shop.requests.total == 0


def test_one_that_was_cut_off_goes_on_behind_its_last_page(ledger):
    with pipeline(ledger, orders=250) as line:
        before = line.clock.now()
        line.shop.on_request(lambda request: break_third_page(line, request))

        with pytest.raises(CommerceEventsError):
            adopt(line.store(), before)
        part = sum(count for *_, count in ledger.reports.records())
        line.shop.requests.clear()
        adopt(line.store(), before)

        assert 0 < part < 250
        assert sum(count for *_, count in ledger.reports.records()) == 250
        lists = [each for each in line.shop.requests.recent if each.path == "/v2/orders"]
        assert "1970-01-01" not in lists[0].parameters()["filter"].split(":")[1]


def break_third_page(line, request):
    asked = [each for each in line.shop.requests.recent if each.path == "/v2/orders"]
    if len(asked) == 3 and request.path == "/v2/orders":
        line.shop.faults.next(status(400))


def test_nobody_is_told_of_what_adopted_orders_come_to_before_they_order_again(ledger):
    with pipeline(ledger, people=["customers"], traits={"computed": True}, **SINCE) as line:
        line.shop.clock = SWITCH - timedelta(days=30)
        customer = line.shop.add_customer(email="ann@shop.example")
        line.shop.pay(line.shop.place_order(buyer=customer, currency="USD"))
        adopt(line.store(), SWITCH)
        line.run()
        assert line.messages() == []

        line.shop.clock = AFTER
        line.shop.pay(line.shop.place_order(buyer=customer, currency="USD"))
        line.run()

        (completed,) = line.messages("Order Completed")
        assert completed["properties"]["is_first_order"] is False
        traits = [message["traits"] for message in line.messages() if message["type"] == "identify"]
        assert [each["total_orders"] for each in traits if "total_orders" in each] == [2]


def test_an_adoption_that_ends_before_the_start_does_not_know_the_past(ledger):
    with pipeline(ledger, **SINCE) as line:
        history(line)

        adopt(line.store(), SWITCH - timedelta(days=1))
        assert not ledger.charter.knows_past("main")

        adopt(line.store(), SWITCH)
        assert ledger.charter.knows_past("main")


def test_the_future_cannot_be_adopted(ledger):
    with pipeline(ledger) as line, pytest.raises(ConfigurationError, match="lies in the future"):
        adopt(line.store(), line.clock.now() + timedelta(days=1))


def test_what_comes_while_it_runs_is_told(ledger):
    with pipeline(ledger, orders=150) as line:
        before = line.clock.now()
        line.shop.advance(5)
        fresh = line.shop.place_order(buyer="guest")
        capturing = Thread(target=line.capture)
        capturing.start()

        adopt(line.store(), before)
        capturing.join()
        line.run()

        told = {message["properties"]["order_id"] for message in line.messages("Checkout Started")}
        assert fresh in told
        assert verify(line.store(), "orders", LONG_AGO, before).is_complete
