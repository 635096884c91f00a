"""Writers of the same rows in opposite orders wait for each other and never lock up, nor lose anything."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random

import pytest
from orders import look, order
from proofs.books import check_books, deliveries
from proofs.test_ledger_promises import DAYS, told

from commerce_events.domain.deliveries import Door, Status
from commerce_events.domain.facts import Kind
from commerce_events.domain.lifecycle import State
from commerce_events.domain.records import Reject
from commerce_events.ledger.entries import Entry, Owed
from commerce_events.ledger.waiting import Choice

SECONDS = 2.0
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATE = State(NOW, b"digest", 0, {})


def until_the_end(work, seeds):
    """Each seed in a thread of its own; an error in any is raised here."""
    ends = time.monotonic() + SECONDS

    def run(seed):
        dice, rounds = Random(seed), 0
        while time.monotonic() < ends:
            work(dice, seed, rounds)
            rounds += 1
        return rounds

    with ThreadPoolExecutor(len(seeds)) as pool:
        return list(pool.map(run, seeds))


def page(dice, backwards):
    """Five of ten records, as overlapping pages hold them."""
    numbers = sorted(dice.sample(range(10), 5), reverse=backwards)
    return [look(order(), record_id=str(number)) for number in numbers]


def test_captures_of_overlapping_pages_in_opposite_orders(ledger):
    def capture(dice, seed, rounds):
        def news(record):
            """Facts that nobody has told yet, of days that all of them count."""
            first = DAYS * (seed + 4 * rounds)
            days = dice.sample(range(DAYS), DAYS)
            return [told(record, Kind.ORDER_UPDATED, first + day, "pending") for day in days]

        records = page(dice, backwards=seed % 2 == 0)
        for _ in range(50):
            seen = ledger.records.states("main", "orders", [one.id for one in records])
            entries = [Entry(one, seen.get(one.id), STATE, None, news(one)) for one in records]
            lost = ledger.records.record(entries, door=Door.POLL, now=NOW, run=None, step=None).lost
            records = [one for one in records if one.id in lost]
            if not records:
                return
        raise AssertionError("fifty lost races")

    rounds = until_the_end(capture, range(4))

    assert min(rounds) > 0
    check_books(ledger)
    assert {row.status for row in deliveries(ledger)} == {"pending"}


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_rejects_of_the_same_records_in_opposite_orders(ledger):
    def keep(dice, seed, rounds):
        content = b"%d" % (time.monotonic() * 3)  # new to all threads at the same moment
        rejects = [Reject(str(n), "unreadable", "$", "", content) for n in range(1_500)]
        ledger.rejects.keep("main", "orders", rejects[:: 1 if seed % 2 else -1], NOW)
        ledger.rejects.settle("main", "orders", [str(dice.randrange(100)) for _ in range(5)], NOW)

    assert min(until_the_end(keep, range(4))) > 0


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_captures_deliveries_and_expiry_beside_each_other(ledger):
    ledger.lanes.prepare("segment")

    def work(dice, seed, rounds):
        if seed == 0:
            records = [look(order(), record_id=f"{dice.randrange(10**6)}") for _ in range(20)]
            facts = [[told(one, Kind.ORDER_UPDATED, 0, "pending")] for one in records]
            entries = [
                Entry(*each)
                for each in zip(records, [None] * 20, [STATE] * 20, [None] * 20, facts, strict=True)
            ]
            ledger.records.record(entries, door=Door.POLL, now=NOW, run=None, step=None)
        elif seed == 1:
            ledger.outbox.expire("segment", NOW if rounds % 2 else datetime(2030, 1, 1, tzinfo=UTC), NOW)
        else:
            claim = ledger.lanes.claim("segment", NOW, lanes=2, per_lane=10)
            if claim.messages and (request := ledger.outbox.begin(claim, claim.messages, NOW)):
                ledger.outbox.accept(request, NOW)
            ledger.lanes.release(claim, NOW)

    assert min(until_the_end(work, range(4))) > 0
    check_books(ledger)
    assert {row.status for row in deliveries(ledger)} <= {"pending", "accepted", "dead"}


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_replays_of_different_messages_that_are_counted_together(ledger):
    facts = [(kind, day) for kind in Kind for day in range(3)]
    records = [look(order(), record_id=str(number)) for number in range(4)]
    told_of = {one.id: [told(one, *fact, "quarantined") for fact in facts] for one in records}
    entries = [Entry(one, None, STATE, None, told_of[one.id]) for one in records]
    ledger.records.record(entries, door=Door.POLL, now=NOW, run=None, step=None)

    def replay(dice, seed, rounds):
        held, _ = ledger.waiting.next(Choice(ids=(str(seed),)), 0, 100)
        dice.shuffle(held)
        after = dice.choice((Status.QUARANTINED, Status.DEAD))
        ledger.waiting.settle(
            [(one, Owed("segment", after, str(place), body=one.body)) for place, one in enumerate(held)], NOW
        )

    assert min(until_the_end(replay, range(4))) > 0
    check_books(ledger)
