"""A dry run says what a backfill would do, does none of it, and leaves no trace."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pipeline import Pipeline, pipeline, settings

from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Plan, Wish
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import metadata
from commerce_events.steps.backfill import capture_window
from commerce_events.steps.estimate import Rates
from commerce_events.steps.plan import Sizes, draw_up
from commerce_events.steps.rehearsal import News, Rehearsal
from commerce_events.steps.rehearse import rehearse

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def planned(line: Pipeline, *streams: str) -> Plan:
    line.shop.advance(60)
    wish = Wish(
        "main", streams or ("orders",), LONG_AGO, line.shop.clock, tuple(Kind), "quiet", {"All": False}
    )
    store = replace(line.store(), clock=lambda: line.shop.clock)
    return draw_up(store, replace(wish, fence_hours=0), Rates(10.0, 1_000.0), Sizes(window=40))


def rehearsed(line: Pipeline, plan: Plan, sample: int = 50) -> Rehearsal:
    looking = replace(line.store(), ledger=Ledger(line.ledger.engine, reads_only=True))
    return rehearse(looking, plan, sample=sample)


def rows(ledger: Ledger) -> dict[str, list[str]]:
    """Everything the ledger holds."""
    with ledger.engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(table.select())))
            for name, table in metadata.tables.items()
        }


def recorded(line: Pipeline) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for one in line.ledger.reports.by_message():
        counts[one.kind, one.status] += one.count
    return counts


def told(found: Rehearsal, *news: News) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for fate, count in found.fates.items():
        if fate.news in news:
            counts[fate.kind, fate.status] += count
    return counts


@pytest.mark.parametrize("streams", [("orders",), ("customers", "orders")])
def test_it_finds_what_the_backfill_then_does(ledger, streams):
    with pipeline(ledger, orders=90, people=["customers"], start="2026-01-01T00:00:00Z") as line:
        whole = line.shop.orders()[0]
        line.shop.put_raw(whole | {"id": "hollow", "relationships": {}})
        line.shop.put_raw(whole | {"id": "broken", "payment": None})
        plan = planned(line, *streams)

        found = rehearsed(line, plan)
        ledger.plans.keep(plan)
        for window in plan.windows:
            capture_window(line.store(), plan, window.number)

        people = {"customer_updated"}  # what follows from all of somebody's orders is worked out at the end
        assert {key: n for key, n in told(found, *News).items() if key[0] not in people} == {
            key: n for key, n in recorded(line).items() if key[0] not in people
        }
        assert found.records == plan.counted
        assert found.rejects == {"missing_state": 1}
        assert [row[-2:] for row in found.rows() if row[3] == "quarantined"] == [("contract:minItems", 1)]


def test_it_leaves_the_ledger_as_it_was_and_tells_segment_nothing(ledger):
    with pipeline(ledger, orders=60, people=["customers"], start="2026-10-01T00:00:00Z") as line:
        line.run()
        line.shop.place_order()
        plan = planned(line, "customers", "orders")
        before, asked = rows(ledger), line.segment.requests.total

        rehearsed(line, plan)

        assert rows(ledger) == before
        assert line.segment.requests.total == asked


def test_a_ledger_that_could_be_written_to_is_refused(ledger):
    with pipeline(ledger) as line, pytest.raises(ValueError, match="reads_only"):
        rehearse(line.store(), planned(line))


def test_a_ledger_opened_to_look_at_it_cannot_be_written_to(ledger):
    looking = Ledger(ledger.engine, reads_only=True)

    with pytest.raises(RuntimeError, match="opened for looking"):
        looking.plans.begin("any", LONG_AGO)


def test_what_was_told_stays_and_what_was_filtered_is_told_after_all(ledger):
    with pipeline(ledger, start="2026-03-01T00:00:00Z") as line:
        line.shop.clock = datetime(2026, 2, 1, tzinfo=UTC)
        old = line.shop.place_order(buyer="guest")
        line.shop.clock = datetime(2026, 3, 2, tzinfo=UTC)
        line.shop.touch(old)
        line.shop.place_order(buyer="guest")
        line.run()
        line.shop.place_order(buyer="guest")

        found = rehearsed(line, planned(line))

        assert told(found, News.KNOWN) == {("checkout_started", "accepted"): 1}
        assert told(found, News.AGAIN) == {("checkout_started", "pending"): 1}
        assert told(found, News.NEW) == {("checkout_started", "pending"): 1}
        assert (found.would_be_sent, found.known) == (2, 1)
        assert found.counts()["would be sent"] == 2


def test_a_sample_shows_where_messages_would_differ_from_those_that_were_sent(ledger):
    with pipeline(ledger, orders=30) as line:
        line.run()
        same = rehearsed(line, planned(line))
        changed: dict[str, Any] = {"identity": {"guest": "email", "link": "none"}}
        line.settings = settings(**changed)

        other = rehearsed(line, planned(line), sample=10)

        assert (same.compared, same.changes) == (30, {})
        assert other.compared == 10
        assert {"$.userId", "$.anonymousId"} <= set(other.changes)
        change = other.changes["$.userId"]
        assert (change.example.expected, change.count > 0) == ("nothing", True)
        assert change.record_id in line.shop.order_ids()
