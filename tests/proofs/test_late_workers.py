"""A worker that comes back after its lease has ended settles nothing, whatever it comes back with."""

from datetime import timedelta

import orjson
import pytest
from proofs.books import check_arrivals, check_books, deliveries
from sqlalchemy import select

from commerce_events.ledger.lanes import LEASE
from commerce_events.ledger.tables import daily, delivery, gate, lane
from commerce_events.steps.erase import erase_person
from commerce_events.steps.send import Sender

SECOND = timedelta(seconds=1)

# What a worker may come back with.
ENDINGS = {
    "accepted": lambda outbox, request, now: outbox.accept(request, now),
    "refused": lambda outbox, request, now: outbox.bury(request, "refused", "Segment answered 400", now),
    "refused as a whole": lambda outbox, request, now: outbox.split(request, "Segment answered 400", now),
    "a passing trouble": lambda outbox, request, now: outbox.postpone(
        request, "Segment answered 503", now, maybe_taken=False
    ),
}


def everything(ledger):
    """All that a closing write could change. `batch` is a diary: there the late answer is noted."""
    with ledger.engine.connect() as connection:
        return [
            connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in (delivery, daily, lane, gate)
        ]


@pytest.fixture
def owing(line):
    """A pipeline whose ledger owes two people two messages each."""
    customers = [one for one in line.shop.people if one.kind == "customer"]
    for buyer in customers[:2]:
        for _ in range(2):
            line.shop.place_order(buyer=buyer)
    line.capture()
    line.ledger.lanes.prepare("segment")
    line.ledger.gate.prepare("segment")
    return line


def claim(line):
    return line.ledger.lanes.claim("segment", line.clock.now(), lanes=32, per_lane=200)


def begin(line, claimed):
    return line.ledger.outbox.begin(claimed, claimed.messages, line.clock.now())


@pytest.mark.parametrize("ending", ENDINGS)
def test_after_another_has_sent_and_settled_nothing_changes(owing, ending):
    late = begin(owing, claim(owing))
    owing.clock.sleep(LEASE.total_seconds() + 1)
    owing.deliver()
    settled = everything(owing.ledger)

    ENDINGS[ending](owing.ledger.outbox, late, owing.clock.now())

    assert everything(owing.ledger) == settled
    check_books(owing.ledger)
    check_arrivals(owing)


@pytest.mark.parametrize("ending", ENDINGS)
def test_while_another_is_sending_nothing_changes_and_the_other_still_settles(owing, ending):
    first = claim(owing)
    late = begin(owing, first)
    owing.clock.sleep(LEASE.total_seconds() + 1)
    second = begin(owing, claim(owing))
    under_way = everything(owing.ledger)

    ENDINGS[ending](owing.ledger.outbox, late, owing.clock.now())
    owing.ledger.lanes.release(first, owing.clock.now())

    assert everything(owing.ledger) == under_way
    assert owing.ledger.outbox.accept(second, owing.clock.now())
    assert {row.status for row in deliveries(owing.ledger)} == {"accepted"}
    check_books(owing.ledger)


def test_a_worker_whose_lease_was_taken_begins_nothing_more(owing):
    first = claim(owing)
    owing.clock.sleep(LEASE.total_seconds() + 1)
    claim(owing)

    assert begin(owing, first) is None


def test_beginning_a_batch_renews_the_lease(owing):
    claimed = claim(owing)
    for _ in range(3):
        owing.clock.sleep(LEASE.total_seconds() * 0.9)
        assert begin(owing, claimed) is not None

    assert claim(owing).messages == ()


def test_a_lease_that_ended_but_was_taken_by_nobody_still_counts(owing):
    """Nobody else can have sent these messages, so the answer is true and is kept."""
    late = begin(owing, claim(owing))
    owing.clock.sleep(LEASE.total_seconds() * 3)

    assert owing.ledger.outbox.accept(late, owing.clock.now())
    assert {row.status for row in deliveries(owing.ledger)} == {"accepted"}


def test_a_late_answer_about_one_lane_of_several_settles_none_of_the_batch(owing):
    """All or nothing: a batch whose lanes are only partly ours is not ours."""
    claimed = claim(owing)
    late = begin(owing, claimed)
    owing.clock.sleep(LEASE.total_seconds() + 1)
    other = owing.ledger.lanes.claim("segment", owing.clock.now(), lanes=1, per_lane=200)
    assert len(other.lanes) == 1
    assert len(claimed.lanes) == 2

    assert not owing.ledger.outbox.accept(late, owing.clock.now())
    assert {row.status for row in deliveries(owing.ledger)} == {"pending"}


def test_an_answer_for_a_message_that_was_given_up_meanwhile_does_not_raise_it(owing):
    request = begin(owing, claim(owing))
    owing.clock.sleep(LEASE.total_seconds() + 1)
    owing.ledger.outbox.expire("segment", owing.clock.now(), owing.clock.now())

    owing.ledger.outbox.accept(request, owing.clock.now())

    assert {(row.status, row.maybe_sent) for row in deliveries(owing.ledger)} == {("dead", 1)}
    check_books(owing.ledger)


def test_what_is_on_its_way_is_not_given_up_for_its_age(owing):
    request = begin(owing, claim(owing))
    owing.clock.sleep(1)

    assert owing.ledger.outbox.expire("segment", owing.clock.now(), owing.clock.now()) == 0
    assert owing.ledger.outbox.accept(request, owing.clock.now())

    assert {row.status for row in deliveries(owing.ledger)} == {"accepted"}
    check_books(owing.ledger)


def test_what_was_claimed_before_its_person_was_erased_is_not_sent(owing):
    claimed = claim(owing)
    erased, other = sorted({orjson.loads(message.body)["userId"] for message in claimed.messages})
    erase_person(owing.store(), erased)

    Sender(owing.ledger, owing.destination(), owing.clock.clock(), lambda: True).send_all(claimed, 0 * SECOND)

    assert {message["userId"] for message in owing.messages()} == {other}
    check_books(owing.ledger)
