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
ORDERS = 160  # some 400 messages, so that half a percent of them is two
ONE_IN = 200


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with pipeline(ledger, orders=ORDERS, seed=11) as made:
        made.parcel = 50
        yield made


@pytest.fixture
def public_api(line: Pipeline) -> Iterator[PublicApiStandIn]:
    with PublicApiStandIn(line.segment) as stand_in:
        yield stand_in
        assert stand_in.crashes == []


def six_hours_later(line: Pipeline) -> None:
    """Everybody's clock moves on, so that what happened is settled."""
    for advance in (line.clock.sleep, line.segment.advance, line.shop.advance):
        advance(6 * 3_600)


def against_store(line: Pipeline) -> Counter[str]:
    """Every day on which there are orders."""
    times = [each["meta"]["timestamps"]["created_at"] for each in line.shop.orders()]
    first = min(datetime.fromisoformat(each) for each in times)
    return reconcile(line.store(), "orders", first, line.clock.now())


def against_segment(line: Pipeline, public_api: PublicApiStandIn) -> Counter[str]:
    api = SegmentPublicApi(requests.Session(), public_api.url, public_api.token)
    far_end, now = FarEnd("segment", api, "segment_default", DEFAULT_KEY), line.clock.now()
    return reconcile_arrivals(line.ledger, far_end, now - 2 * DAY, now, now=now, shortfall_share=0.001)


def lose_a_row_each(line: Pipeline, orders: list[str]) -> None:
    """One order's state, another one's fact and a third one's delivery."""
    mine = fact.c.record_id
    with line.ledger.engine.begin() as connection:
        connection.execute(delete(record).where(record.c.record_id == orders[0]))
        connection.execute(delete(fact).where(mine == orders[1], fact.c.kind == "order_completed"))
        of_it = select(fact.c.event_id).where(mine == orders[2], fact.c.kind == "checkout_started")
        connection.execute(delete(delivery).where(delivery.c.event_id.in_(of_it)))


def drop(line: Pipeline, orders: list[str]) -> None:
    """As if they had never been captured."""
    with line.ledger.engine.begin() as connection:
        events = list(connection.scalars(select(fact.c.event_id).where(fact.c.record_id.in_(orders))))
        for table in (delivery, payload, fact):
            connection.execute(delete(table).where(table.c.event_id.in_(events)))
        connection.execute(delete(record).where(record.c.record_id.in_(orders)))


def owed(line: Pipeline) -> dict[str, str]:
    """Every message that is to be sent: its id, and what Segment will call it."""
    found = select(fact.c.event_id, fact.c.kind).join(delivery, delivery.c.event_id == fact.c.event_id)
    with line.ledger.engine.begin() as connection:
        rows = connection.execute(found.where(delivery.c.status == "pending").order_by(fact.c.event_id))
        return {str(event): kind.replace("_", " ").title() for event, kind in rows}


def test_what_was_lost_is_named_exactly_and_healed_and_the_second_look_is_clean(line, public_api):
    line.capture()
    paid = [each["id"] for each in line.shop.orders() if each["payment"] == "paid"]
    dropped, damaged = paid[:2], paid[2:5]
    drop(line, dropped)
    names = owed(line)
    lost, blocked = [*names][::ONE_IN], [*names][1]
    line.segment.plan.lose(*lost)
    line.segment.plan.block(blocked)
    hour = hour_of(line.clock.now())
    line.deliver()
    lose_a_row_each(line, damaged)
    held = set(line.segment.unique())
    six_hours_later(line)

    first = against_store(line)
    line.deliver()
    with pytest.raises(AttentionError, match=rf"{len(lost) + 1} of \d+ messages that segment accepted"):
        against_segment(line, public_api)

    assert 2 <= len(lost) <= 3
    gaps, days = line.ledger.findings.gaps(SINCE.date()), line.ledger.findings.days(SINCE.date())
    assert sorted((each.record_id, each.state) for each in gaps) == sorted(
        (each, State.HEALED) for each in dropped + damaged
    )
    assert (first["healed"], first["open"], first["noted"]) == (5, 0, 0)
    assert all(day.accounted == day.in_store for day in days)
    assert (sum(day.in_store for day in days), sum(day.healed for day in days)) == (ORDERS, 5)
    short: Counter[tuple[str, str, datetime]] = Counter()
    for each in line.ledger.findings.shortfalls(SINCE):
        short[each.reason, each.message, each.hour] += each.count
    assert short == Counter(
        [("vanished", names[each], hour) for each in lost] + [("schema_violation", names[blocked], hour)]
    )
    # Of the five only what had never been sent was sent now, and nothing twice.
    sent_now = [message for key, message in line.segment.unique().items() if key not in held]
    assert {each["properties"]["order_id"] for each in sent_now} == {*dropped}
    assert line.segment.drops["duplicate"] == 0

    second, far = against_store(line), against_segment(line, public_api)

    assert (second["healed"], second["open"], second["news"], far["news"]) == (0, 0, 0, 0)
    assert line.segment.drops["duplicate"] == 0
