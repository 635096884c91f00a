"""What reconciling found: days and differences as they are now, and what was news."""

from datetime import UTC, date, datetime, timedelta

import pytest

from commerce_events.ledger.findings import Findings
from commerce_events.ledger.found import Arrival, Figure, Gap, Shortfall, State, Tally
from commerce_events.ledger.ledger import Ledger

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = date(2026, 3, 2)
SPAN = (NOW - timedelta(days=1), NOW)


@pytest.fixture
def findings(ledger: Ledger) -> Findings:
    return ledger.findings


def figure(in_store: int, accounted: int, healed: int = 0) -> Figure:
    return Figure("main", "orders", TODAY, in_store, accounted, healed)


def gap(record_id: str, state: State) -> Gap:
    return Gap("main", "orders", record_id, "missing", TODAY, state)


def short(count: int, receiver: str = "", hour: datetime = NOW - timedelta(hours=5)) -> Shortfall:
    return Shortfall("segment", hour, "Order Completed", "accepted", receiver, "vanished", count)


def test_what_was_open_and_is_found_no_more_was_healed_meanwhile(findings):
    first = findings.note_days(1, [figure(2, 1)], [gap("a", State.OPEN), gap("b", State.NOTED)], NOW)

    second = findings.note_days(2, [figure(2, 2)], [], NOW)

    assert (first, second) == (2, 0)
    assert findings.gaps(TODAY) == [gap("a", State.HEALED), gap("b", State.NOTED)]


def test_a_difference_is_news_once_and_again_when_it_ends_otherwise(findings):
    told = [
        findings.note_days(number, [figure(1, 0)], [gap("a", state)], NOW)
        for number, state in enumerate([State.OPEN, State.OPEN, State.HEALED])
    ]

    assert told == [1, 0, 1]


def test_a_day_says_how_it_stands_and_all_that_was_ever_healed(findings):
    findings.note_days(1, [figure(10, 8, 2)], [], NOW)
    findings.note_days(2, [figure(11, 11, 1)], [], NOW)

    (day,) = findings.days(TODAY)

    assert day == figure(11, 11, 3)
    assert (day.accuracy, figure(0, 0).accuracy) == (1.0, 1.0)


def test_other_days_are_left_alone(findings):
    findings.note_days(1, [figure(2, 1)], [gap("a", State.OPEN)], NOW)

    findings.note_days(2, [Figure("main", "orders", TODAY + timedelta(days=1), 1, 1)], [], NOW)
    findings.note_days(3, [Figure("main", "customers", TODAY, 1, 1)], [], NOW)

    assert findings.gaps(TODAY, [State.OPEN]) == [gap("a", State.OPEN)]


def test_only_what_newly_failed_to_arrive_is_news(findings):
    day = [Arrival("segment", TODAY, 100, 3, 0)]

    told = [
        findings.note_destination(1, day, found, SPAN, NOW)
        for found in ([short(3)], [short(3), short(9, "Facebook")], [short(5)], [])
    ]

    assert told == [3, 0, 2, 0]
    assert findings.shortfalls(NOW - timedelta(days=1)) == []
    assert findings.arrivals(TODAY) == day


def test_shortfalls_of_other_hours_are_left_alone(findings):
    day, earlier = [Arrival("segment", TODAY, 100, 3, 0)], short(1, hour=NOW - timedelta(days=2))
    findings.note_destination(1, day, [earlier], (NOW - timedelta(days=3), SPAN[0]), NOW)

    findings.note_destination(2, day, [], SPAN, NOW)

    assert findings.shortfalls(NOW - timedelta(days=3)) == [earlier]


def test_the_last_comparison_is_one_that_ended_and_reached_far_enough(findings):
    long = findings.begin("store", "main/orders", (NOW - timedelta(days=30), NOW), "run", NOW)
    findings.finish(long, Tally(1, 2, 3, 4, "more"), NOW)
    brief = findings.begin("store", "main/orders", SPAN, None, NOW)
    findings.finish(brief, Tally(), NOW + timedelta(hours=1))
    findings.begin("store", "main/orders", SPAN, None, NOW)  # cut off

    far = findings.last("store", "main/orders", reaching=NOW - timedelta(days=26))
    near = findings.last("store", "main/orders")

    assert far is not None
    assert (far.tally, far.done_at) == (Tally(1, 2, 3, 4, "more"), NOW)
    assert near is not None
    assert near.done_at == NOW + timedelta(hours=1)
    assert findings.last("store", "main/customers") is None
