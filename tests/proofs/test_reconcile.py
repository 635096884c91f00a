"""Whatever is lost between a store and Segment is named exactly, and healed where that can be done."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from pipeline import Pipeline, pipeline
from sqlalchemy import delete, select

from commerce_events.destinations.delivery_overview import hour_of
from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.found import State
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import delivery, fact, payload, record
from commerce_events.sandbox.public_api import PublicApiStandIn
from commerce_events.sandbox.segment import DEFAULT_KEY
from commerce_events.steps.arrivals import reconcile_arrivals
from commerce_events.steps.far_end import FarEnd
from commerce_events.steps.reconcile import reconcile

DAY = timedelta(days=1)
SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with pipeline(ledger, orders=260, seed=11) as made:
        made.parcel = 50
        yield made


@pytest.fixture
def public_api(line: Pipeline) -> Iterator[PublicApiStandIn]:
    with PublicApiStandIn(line.segment) as stand_in:
        yield stand_in
        assert stand_in.crashes == []


def later(line: Pipeline, hours: float = 6) -> None:
    """Everybody's clock moves on, so that what happened is settled."""
    line.clock.sleep(hours * 3_600)
    line.segment.advance(hours * 3_600)
    line.shop.advance(hours * 3_600)


def against_store(line: Pipeline) -> Counter[str]:
    return reconcile(line.store(), "orders", SINCE, line.clock.now())


def against_segment(line: Pipeline, public_api: PublicApiStandIn, **asked: float) -> Counter[str]:
    api = SegmentPublicApi(requests.Session(), public_api.url, public_api.token)
    far_end = FarEnd("segment", api, "segment_default", DEFAULT_KEY)
    now = line.clock.now()
    return reconcile_arrivals(
        line.ledger, far_end, now - 2 * DAY, now, now=now, shortfall_share=asked.get("share", 0.001)
    )


def lose_rows(line: Pipeline, orders: list[str]) -> None:
    """One order's state, another one's fact and a third one's delivery."""
    with line.ledger.engine.begin() as connection:
        connection.execute(delete(record).where(record.c.record_id == orders[0]))
        connection.execute(
            delete(fact).where(fact.c.record_id == orders[1], fact.c.kind == "order_completed")
        )
        of_it = select(fact.c.event_id).where(
            fact.c.record_id == orders[2], fact.c.kind == "checkout_started"
        )
        connection.execute(delete(delivery).where(delivery.c.event_id.in_(of_it)))


def drop(line: Pipeline, *orders: str) -> None:
    """As if they had never been captured."""
    with line.ledger.engine.begin() as connection:
        events = list(connection.scalars(select(fact.c.event_id).where(fact.c.record_id.in_(orders))))
        for table in (delivery, payload, fact):
            connection.execute(delete(table).where(table.c.event_id.in_(events)))
        connection.execute(delete(record).where(record.c.record_id.in_(orders)))


def test_what_was_lost_is_named_exactly_and_healed_and_the_second_look_is_clean(line, public_api):
    line.capture()
    paid = [each["id"] for each in line.shop.orders() if each["payment"] == "paid"]
    dropped, rows = paid[:2], paid[2:5]
    drop(line, *dropped)
    ids = [each.event_id for each in told_of(line, paid[5:])]
    lost = {str(each) for each in ids[:: len(ids) // 3]}
    blocked = str(next(each for each in ids if str(each) not in lost))
    line.segment.plan.lose(*lost)
    line.segment.plan.block(blocked)
    hour = hour_of(line.clock.now())
    line.deliver()
    lose_rows(line, rows)
    held = set(line.segment.unique())
    later(line)

    first = against_store(line)
    line.deliver()
    with pytest.raises(AttentionError, match=rf"{len(lost) + 1} of \d+ messages that segment accepted"):
        against_segment(line, public_api)

    gaps = line.ledger.findings.gaps(SINCE.date())
    assert {each.record_id for each in gaps} == {*dropped, *rows}
    assert {each.state for each in gaps} == {State.HEALED}
    assert (first["healed"], first["open"], first["noted"]) == (5, 0, 0)
    assert all(day.accounted == day.in_store for day in line.ledger.findings.days(SINCE.date()))
    assert sum(day.healed for day in line.ledger.findings.days(SINCE.date())) == 5
    short = line.ledger.findings.shortfalls(SINCE)
    assert Counter({(each.reason, each.message, each.hour): each.count for each in short}) == Counter(
        [("vanished", name_of(line, each), hour) for each in lost]
        + [("schema_violation", name_of(line, blocked), hour)]
    )
    # Of the five only what had never been sent was sent now: nothing twice.
    assert line.segment.drops["duplicate"] == 0
    assert {m["properties"]["order_id"] for k, m in line.segment.unique().items() if k not in held} == {
        *dropped
    }

    second, far = against_store(line), against_segment(line, public_api)

    assert (second["healed"], second["open"], second["news"]) == (0, 0, 0)
    assert far["news"] == 0
    assert line.segment.drops["duplicate"] == 0


def told_of(line: Pipeline, orders: list[str]):
    found = [each for order in orders for each in line.ledger.reports.of_record("main", "orders", order)]
    return [each for each in found if each.status == "pending"]


def name_of(line: Pipeline, event_id: str) -> str:
    with line.ledger.engine.begin() as connection:
        kinds = {str(e): k for e, k in connection.execute(select(fact.c.event_id, fact.c.kind))}
    return kinds[event_id].replace("_", " ").title()
