"""Several stores and several destinations in one ledger keep out of each other's way."""

from datetime import timedelta
from uuid import UUID, uuid5

import pytest
from pipeline import SETTINGS, Pipeline, pipeline
from proofs.books import check_books, deliveries, known, told

from commerce_events.config import settings_of
from commerce_events.destinations.destination import Destination
from commerce_events.domain.errors import ConfigurationError
from commerce_events.sandbox import faults
from commerce_events.sandbox.segment import SegmentStandIn
from commerce_events.steps.deliver import deliver

SECOND = UUID("5b0e8f5e-6f0c-4a31-9a39-0d7c5a5a1d10")
MINUTES = timedelta(minutes=30)


def two_stores():
    main = SETTINGS["stores"]["main"]
    return settings_of({"stores": {"main": main, "second": {**main, "namespace": str(SECOND)}}})


def two_destinations():
    store = {**SETTINGS["stores"]["main"], "destinations": ["segment", "warehouse"]}
    return settings_of({"stores": {"main": store}, "destinations": {"segment": {}, "warehouse": {}}})


def test_two_stores_with_the_same_orders_are_told_apart(ledger):
    with pipeline(ledger, orders=22) as line:
        line.settings = two_stores()
        first, second = line.capture("main"), line.capture("second")
        line.deliver()

        assert first == second
        rows = deliveries(ledger)
        orders = {
            store: {row.record_id for row in rows if row.store == store} for store in ("main", "second")
        }
        assert orders["main"] == orders["second"] == set(line.shop.order_ids())
        assert len(line.segment.unique()) == len(rows)
        assert {row.status for row in rows} == {"accepted"}
        check_books(ledger)


def test_what_one_store_told_is_what_it_tells_beside_another(ledger, undisturbed):
    with pipeline(ledger, orders=22) as line:
        alone = undisturbed(line)
        line.settings = two_stores()
        line.capture("second")
        line.capture("main")
        line.deliver()

        mine = {row.event_id for row in deliveries(ledger) if row.store == "main"}
        assert {key: row for key, row in told(ledger).items() if key[0] in mine} == told(alone.ledger)
        assert {key: row for key, row in known(ledger).items() if key[0] == "main"} == known(alone.ledger)


def test_a_store_whose_namespace_has_changed_is_refused_before_anything_is_read(line):
    line.shop.place_order()
    line.run()
    before = told(line.ledger)
    asked = line.shop.requests.total
    line.settings = settings_of(
        {"stores": {"main": {**SETTINGS["stores"]["main"], "namespace": str(SECOND)}}}
    )

    with pytest.raises(ConfigurationError, match="namespace"):
        line.capture()

    assert line.shop.requests.total == asked
    assert told(line.ledger) == before


def test_a_second_destination_gets_ids_of_its_own_for_the_same_facts(ledger):
    with pipeline(ledger, orders=22) as line, SegmentStandIn() as warehouse:
        line.settings = two_destinations()
        line.capture()
        to_warehouse = Pipeline(ledger, line.shop, warehouse, line.settings, line.clock)
        ends = [line.destination("segment"), to_warehouse.destination("warehouse")]
        deliver(ledger, ends, budget=MINUTES, clock=line.clock.clock())

        first, second = line.segment.unique(), warehouse.unique()
        assert {str(uuid5(UUID(event), "warehouse")) for event in first} == set(second)
        assert set(first) & set(second) == set()
        assert stripped(first) == stripped(second)
        check_books(ledger)


def stripped(messages):
    """The messages without their ids."""
    return sorted(str({**message, "messageId": None}) for message in messages.values())


def test_a_destination_that_is_down_does_not_hold_back_the_other(ledger):
    with pipeline(ledger, orders=22) as line, SegmentStandIn() as warehouse:
        line.settings = two_destinations()
        line.capture()
        line.segment.faults.always(faults.status(503))
        to_warehouse = Pipeline(ledger, line.shop, warehouse, line.settings, line.clock)
        ends: list[Destination] = [line.destination("segment"), to_warehouse.destination("warehouse")]
        deliver(ledger, ends, budget=timedelta(minutes=2), clock=line.clock.clock())

        statuses = {(row.destination, row.status) for row in deliveries(ledger)}
        assert statuses == {("segment", "pending"), ("warehouse", "accepted")}


def test_a_destination_that_refuses_its_key_does_not_hold_back_the_other(ledger):
    with pipeline(ledger, orders=22) as line, SegmentStandIn() as warehouse:
        line.settings = two_destinations()
        line.capture()
        to_warehouse = Pipeline(ledger, line.shop, warehouse, line.settings, line.clock)
        ends = [line.destination("segment", write_key="short"), to_warehouse.destination("warehouse")]

        with pytest.raises(ConfigurationError, match="write key"):
            deliver(ledger, ends, budget=MINUTES, clock=line.clock.clock())

        statuses = {(row.destination, row.status) for row in deliveries(ledger)}
        assert statuses == {("segment", "pending"), ("warehouse", "accepted")}
