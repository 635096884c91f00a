"""What Segment refuses, delays or never gets: one message dies alone, and an outage kills nothing."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from owing import owe
from proofs.books import check_arrivals, check_books, deliveries
from sqlalchemy import update

from commerce_events.domain.deliveries import Priority
from commerce_events.domain.errors import AttentionError, ConfigurationError
from commerce_events.ledger.tables import gate
from commerce_events.sandbox import faults
from commerce_events.steps.deliver import deliver

MINUTE = timedelta(minutes=1)


@pytest.fixture
def owing(line):
    """Twelve people, one message each, captured and sent two at a time."""
    for _ in range(12):
        line.shop.place_order(buyer="customer")
    line.capture()
    line.parcel = 2
    return line


def statuses(line):
    return Counter((row.status, row.reason) for row in deliveries(line.ledger))


def in_turn(line):
    return [str(row.event_id) for row in sorted(deliveries(line.ledger), key=lambda row: row.seq)]


@pytest.mark.parametrize("parcel", [1, 2, 3, 12])
def test_one_bad_message_does_not_sink_its_batch(owing, parcel):
    owing.parcel = parcel
    bad = in_turn(owing)[5]
    owing.segment.refuse(bad)

    with pytest.raises(AttentionError, match="1 messages became dead letters"):
        owing.deliver()

    assert statuses(owing) == {("accepted", None): 11, ("dead", "refused"): 1}
    assert {one.message_id for one in owing.segment.received()} == set(in_turn(owing)) - {bad}
    assert {row.maybe_sent for row in deliveries(owing.ledger) if row.status == "dead"} == {0}
    check_books(owing.ledger)


def test_one_bad_message_of_a_backfill_dies_alone_however_small_its_share_of_the_rate(line):
    """Its halves go by what the whole batch has booked: a second turn would never come soon enough."""
    bad = owe(line, 10, Priority.BACKFILL, now=line.clock.now())[3]
    line.segment.refuse(bad)
    line.ledger.gate.grant_backfills("segment", 0.05)
    slow = replace(line.destination(), events_per_second=200.0)

    with pytest.raises(AttentionError, match="1 messages became dead letters"):
        deliver(line.ledger, [slow], budget=3 * MINUTE, clock=line.clock.clock())

    assert statuses(line) == {("accepted", None): 9, ("dead", "refused"): 1}


def test_several_bad_messages_die_alone(owing):
    owing.parcel = 12
    bad = set(in_turn(owing)[::3])
    for message in bad:
        owing.segment.refuse(message)

    with pytest.raises(AttentionError):
        owing.deliver()

    assert {str(row.event_id) for row in deliveries(owing.ledger) if row.status == "dead"} == bad
    assert {one.message_id for one in owing.segment.received()} == set(in_turn(owing)) - bad


def test_a_refused_write_key_stops_the_run_at_once_and_kills_nothing(owing):
    malformed = owing.destination(write_key="short")

    with pytest.raises(ConfigurationError, match="write key"):
        deliver(owing.ledger, [malformed], budget=30 * MINUTE, clock=owing.clock.clock())

    assert owing.segment.requests.total == 1
    assert statuses(owing) == {("pending", None): 12}
    assert {row.maybe_sent for row in deliveries(owing.ledger)} == {0}

    owing.deliver()

    check_arrivals(owing)
    assert statuses(owing) == {("accepted", None): 12}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_status_that_says_the_key_or_the_address_is_wrong_kills_nothing(owing, status):
    owing.segment.faults.always(faults.status(status))

    with pytest.raises(ConfigurationError, match=str(status)):
        owing.deliver()

    assert owing.segment.requests.total == 1
    owing.segment.faults.clear()
    owing.deliver()
    check_arrivals(owing)


def test_a_429_with_retry_after_blocks_the_destination_for_that_long(owing):
    owing.segment.faults.next(faults.too_many(120))
    began = owing.clock.now()

    owing.deliver(budget=MINUTE)
    owing.deliver(budget=MINUTE)

    assert owing.segment.requests.total == 1
    assert statuses(owing) == {("pending", None): 12}
    assert owing.clock.now() - began < 2 * MINUTE

    owing.deliver(budget=5 * MINUTE)

    assert owing.clock.now() - began >= 2 * MINUTE
    check_arrivals(owing)


def test_one_run_waits_for_a_gate_that_opens_within_its_budget(owing):
    owing.segment.faults.next(faults.too_many(120))
    began = owing.clock.now()

    owing.deliver(budget=5 * MINUTE)

    assert owing.clock.now() - began >= 2 * MINUTE
    check_arrivals(owing)


def test_an_outage_of_two_days_kills_nothing(owing):
    owing.segment.faults.always(faults.status(503))
    for _ in range(12):
        owing.deliver(budget=MINUTE)
        owing.clock.sleep(4 * 3600)
    owing.segment.faults.clear()

    owing.deliver()

    assert statuses(owing) == {("accepted", None): 12}
    check_arrivals(owing)


def test_a_message_older_than_the_limit_becomes_a_dead_letter_and_is_not_sent(owing):
    owing.clock.sleep(73 * 3600)
    owing.shop.place_order(buyer="customer")
    owing.capture()

    with pytest.raises(AttentionError, match="12 messages"):
        owing.deliver()

    assert statuses(owing) == {("dead", "too_old"): 12, ("accepted", None): 1}
    assert len(owing.segment.received()) == 1
    check_books(owing.ledger)


def test_quarantined_messages_do_not_block_their_lane(line):
    buyer = next(one for one in line.shop.people if one.kind == "customer")
    first = line.shop.place_order(buyer=buyer, lines=())
    second = line.shop.place_order(buyer=buyer)
    line.run()

    found = {row.record_id: (row.lane, row.status) for row in deliveries(line.ledger)}
    assert found[first][0] == found[second][0]
    assert (found[first][1], found[second][1]) == ("quarantined", "accepted")
    check_arrivals(line)


def test_deliver_stops_at_its_budget_and_the_next_run_goes_on(owing):
    slow = replace(owing.destination(), events_per_second=1.0)

    first = deliver(owing.ledger, [slow], budget=timedelta(seconds=5), clock=owing.clock.clock())
    second = deliver(owing.ledger, [slow], budget=timedelta(seconds=60), clock=owing.clock.clock())

    assert 4 <= first["accepted"] <= 8  # a batch under way at the end is finished
    assert first["accepted"] + second["accepted"] == 12
    check_arrivals(owing)


def test_a_paused_destination_gets_nothing(owing):
    owing.ledger.gate.prepare("segment")
    with owing.ledger.engine.begin() as connection:
        connection.execute(update(gate).values(paused=True))

    owing.deliver()

    assert owing.segment.requests.total == 0
    assert statuses(owing) == {("pending", None): 12}
