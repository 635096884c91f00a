"""The gate: turns in the order asked for, a part for backfills, none while it is closed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from orders import look, order
from sqlalchemy import select

from commerce_events.domain.deliveries import Door, Priority, Status
from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.ids import event_id
from commerce_events.domain.rates import STEADY
from commerce_events.domain.states import State
from commerce_events.ledger.entries import Entry, Owed, Told
from commerce_events.ledger.gate import NEVER
from commerce_events.ledger.tables import delivery, lane

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RATE = 100.0
SECOND = timedelta(seconds=1)


@pytest.fixture
def gate(ledger):
    ledger.gate.prepare("segment")
    return ledger.gate


def now():
    return NOW


def test_turns_come_one_behind_the_other(gate):
    turns = [gate.reserve("segment", events, RATE, now) for events in (46, 23, 1)]

    assert [turn - NOW for turn in turns] == [0 * SECOND, 0.5 * SECOND, 0.75 * SECOND]
    assert STEADY == 0.92


def test_what_was_not_used_is_not_saved_up(gate):
    gate.reserve("segment", 1, RATE, now)
    later = NOW + 60 * SECOND

    turns = [gate.reserve("segment", 92, RATE, lambda: later) for _ in range(2)]

    assert turns == [later, later + SECOND]


def test_a_closed_gate_gives_no_turn_and_books_nothing(gate):
    gate.block("segment", NOW + SECOND)

    assert gate.reserve("segment", 92, RATE, now) is None
    assert gate.reserve("segment", 1, RATE, lambda: NOW + SECOND) == NOW + SECOND


def test_backfills_book_in_their_own_part_and_leave_the_rest_free(gate):
    gate.grant_backfills("segment", 0.5)

    first, second = (gate.reserve_share("segment", 46, RATE, now, 5 * SECOND) for _ in range(2))

    assert (first.at, second.at) == (NOW, NOW + SECOND)
    assert gate.reserve("segment", 1, RATE, now) == NOW


def test_a_part_that_is_used_up_for_long_is_not_booked_further(gate):
    gate.grant_backfills("segment", 0.01)
    gate.reserve_share("segment", 2, RATE, now, SECOND)

    turns = [gate.reserve_share("segment", 2, RATE, now, SECOND) for _ in range(3)]

    assert {turn.booked for turn in turns} == {False}
    assert {turn.at for turn in turns} == {NOW + timedelta(seconds=2 / (RATE * STEADY * 0.01))}


def test_no_part_at_all_is_never_due(gate):
    gate.grant_backfills("segment", 0)

    turn = gate.reserve_share("segment", 1, RATE, now, SECOND)

    assert (turn.at, turn.booked) == (NEVER, False)


def owe(ledger, number, priority):
    record = look(order(payment="paid"), record_id=f"{priority.name}-{number}")
    fact = Fact("main", "orders", record.id, Kind.ORDER_COMPLETED, NOW)
    owed = [Owed("segment", Status.PENDING, body=b"{}")]
    told = Told(event_id(UUID(int=1), fact), fact, "", number, owed)
    entry = Entry(record, None, State(NOW, b"d", 0, {}), None, [told], priority=priority)
    ledger.records.record([entry], door=Door.POLL, now=NOW, run=None, step=None)


def rows(ledger):
    with ledger.engine.connect() as connection:
        kept = [column for column in delivery.c if column.name != "batch_id"]
        return [
            connection.execute(select(*kept).order_by(delivery.c.seq)).all(),
            connection.execute(select(lane).order_by(lane.c.lane)).all(),
        ]


def test_a_batch_that_is_withdrawn_is_owed_as_if_it_had_not_been_begun(ledger):
    ledger.lanes.prepare("segment")
    owe(ledger, 1, Priority.LIVE)
    claim = ledger.lanes.claim("segment", NOW, lanes=1, per_lane=10)
    before = rows(ledger)

    ledger.outbox.withdraw(ledger.outbox.begin(claim, claim.messages, NOW))

    assert rows(ledger) == before


def test_a_claim_may_leave_backfilled_messages_alone(ledger):
    ledger.lanes.prepare("segment")
    for number, priority in enumerate((Priority.BACKFILL, Priority.LIVE, Priority.BACKFILL)):
        owe(ledger, number, priority)
    owe(ledger, 1, Priority.BACKFILL)

    claim = ledger.lanes.claim("segment", NOW, lanes=8, per_lane=10, down_to=Priority.LIVE)

    assert (claim.lanes, [message.priority for message in claim.messages]) == ((1,), [Priority.LIVE])
    assert ledger.lanes.next_due("segment", Priority.LIVE) > NOW
    assert ledger.lanes.next_due("segment") == datetime(1970, 1, 1, tzinfo=UTC)
