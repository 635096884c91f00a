"""The checkup reads what the ledger has kept, and says go or no-go."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select, update

from commerce_events.domain.health import Fault
from commerce_events.ledger.tables import fact, payload
from commerce_events.steps.health import check_health

ENDS = [("main", "segment")]


@pytest.fixture
def sold(line):
    for _ in range(4):
        line.shop.pay(line.shop.place_order(buyer="customer", currency="USD"))
    line.run()
    return line


def spoil(line, kind: str, count: int, **properties) -> None:
    """Put faults into messages that were kept."""
    with line.ledger.engine.begin() as connection:
        joined = select(payload.c.event_id, payload.c.body).join(fact, fact.c.event_id == payload.c.event_id)
        rows = connection.execute(joined.where(fact.c.kind == kind).order_by(fact.c.record_id)).all()
        for row in rows[:count]:
            body = orjson.loads(bytes(row.body))
            body["properties"] |= properties
            if "context" in properties:
                body["context"] = properties["context"]
            mine = payload.c.event_id == row.event_id
            connection.execute(update(payload).where(mine).values(body=orjson.dumps(body)))


def checkup(line, **options):
    since = line.clock.now() - timedelta(days=1)
    return check_health(line.ledger, ENDS, since=since, **options)


def counts(found) -> dict[str, int]:
    return {str(one.fault): one.count for one in found.checks if one.count}


def test_a_healthy_ledger_is_go(sold):
    found = checkup(sold)

    assert counts(found) == {}
    assert (found.messages, found.go) == (8, True)


def test_each_fault_put_in_is_found_with_its_count_and_an_order_to_look_at(sold):
    spoil(sold, "checkout_started", 3, context={})
    spoil(sold, "order_completed", 2, currency="")
    spoil(sold, "order_completed", 1, order_id="the-same", revenue=-1, products=[{"product_id": "p"}])
    found = checkup(sold)

    assert counts(found) == {
        "checkout_without_email": 3,
        "purchase_without_currency": 2,
        "negative_revenue": 1,
        "missing_sku": 1,
    }
    assert not found.go
    (worst,) = [one for one in found.checks if one.fault == Fault.CHECKOUT_WITHOUT_EMAIL]
    assert set(worst.samples) < set(sold.shop.order_ids())


def test_what_is_allowed_and_what_is_advice_stop_nothing(sold):
    spoil(sold, "checkout_started", 1, context={})
    spoil(sold, "order_completed", 1, revenue=0)

    assert checkup(sold, allowed={Fault.CHECKOUT_WITHOUT_EMAIL: 1}).go
    assert not checkup(sold, allowed={Fault.CHECKOUT_WITHOUT_EMAIL: 0}).go
    assert not checkup(sold, allowed={Fault.CHECKOUT_WITHOUT_EMAIL: 1, Fault.ZERO_REVENUE: 0}).go


def test_nothing_to_look_at_is_no_go(line):
    found = checkup(line)

    assert (found.messages, found.go, found.browsers) == (0, False, 0)


def test_pages_are_gone_through(sold):
    found = [one.record_id for one in sold.ledger.health.messages(sold.clock.now() - timedelta(days=1), ENDS)]
    elsewhere = list(sold.ledger.health.messages(sold.clock.now() - timedelta(days=1), [("main", "other")]))

    assert sorted(set(found)) == sorted(sold.shop.order_ids())
    assert elsewhere == []
