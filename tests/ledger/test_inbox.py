"""The inbox keeps each hint once, and forgets what came with it when it has ended."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from commerce_events.domain.deliveries import Door
from commerce_events.domain.hints import Fate, Hint
from commerce_events.ledger.inbox import Ended

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HINT = Hint("event", "main", Door.WEBHOOK, "order.paid", "orders", "order", NOW, b'{"id":"event"}')


def ids(ledger, store="main"):
    return [one.hint.event_id for one in ledger.inbox.waiting(store, 100)]


def test_a_hint_that_comes_again_is_one_row(ledger):
    assert ledger.inbox.keep([HINT], NOW) == 1

    assert ledger.inbox.keep([HINT, replace(HINT, body=b'{"attempt":2}')], NOW) == 0

    assert ids(ledger) == ["event"]


def test_a_hint_that_has_ended_does_not_come_back(ledger):
    ledger.inbox.keep([HINT], NOW)
    ledger.inbox.end([Ended(HINT, Fate.CAPTURED)], NOW)

    assert ledger.inbox.keep([HINT], NOW) == 0

    assert ids(ledger) == []


@pytest.mark.parametrize(
    "other",
    [
        replace(HINT, record_id="another"),
        replace(HINT, trigger="order.updated"),
        replace(HINT, source_at=NOW + timedelta(seconds=1)),
    ],
)
def test_an_id_that_comes_with_something_else_is_another_hint_and_that_once(ledger, other):
    ledger.inbox.keep([HINT], NOW)

    assert [ledger.inbox.keep([other], NOW), ledger.inbox.keep([other], NOW)] == [1, 0]

    assert len(ids(ledger)) == 2


def test_two_of_one_id_in_one_breath_are_told_apart_too(ledger):
    assert ledger.inbox.keep([HINT, replace(HINT, record_id="another"), HINT], NOW) == 2


def test_stores_do_not_share_ids(ledger):
    assert ledger.inbox.keep([HINT, replace(HINT, store="other")], NOW) == 2
    assert ledger.inbox.stores() == ["main", "other"]


def test_what_could_not_be_tried_stands_behind_the_others(ledger):
    first, second = HINT, replace(HINT, event_id="second")
    ledger.inbox.keep([first], NOW)
    ledger.inbox.keep([second], NOW + timedelta(seconds=1))

    ledger.inbox.postpone([first])

    assert ids(ledger) == ["second", "event"]
    assert ledger.inbox.untried()[0] == 1
    assert ledger.inbox.count() == (2, NOW)


def test_the_body_goes_when_a_hint_has_ended(ledger):
    ledger.inbox.keep([HINT], NOW)
    assert ledger.inbox.body(HINT) == HINT.body

    ledger.inbox.end([Ended(HINT, Fate.IGNORED, "unknown_trigger")], NOW)

    assert ledger.inbox.body(HINT) == b""


def test_many_who_keep_the_same_hints_at_once_keep_each_once(ledger):
    hints = [replace(HINT, event_id=f"event-{n}", record_id=f"order-{n % 3}") for n in range(20)]
    with ThreadPoolExecutor(4) as pool:
        new = list(pool.map(lambda _: ledger.inbox.keep(hints[::-1], NOW), range(8)))

    assert sum(new) == 20
    assert len(ids(ledger)) == 20
