"""Whatever is done to the ledger in whatever order, its promises hold after every step."""

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from orders import look, order
from proofs.books import check_books, deliveries
from sqlalchemy import delete, insert

from commerce_events.domain.deliveries import Door, Status
from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.lifecycle import State
from commerce_events.ledger.entries import Entry, Owed, Told
from commerce_events.ledger.lanes import LEASE
from commerce_events.ledger.packing import packed
from commerce_events.ledger.tables import lane, metadata
from commerce_events.ledger.waiting import Choice

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LANES = 3
DAYS = 40

# What may become of a message; what is accepted or filtered stays so.
EDGES = {
    (None, "pending"),
    (None, "filtered"),
    (None, "quarantined"),
    ("pending", "accepted"),
    ("pending", "dead"),
}
BY_REPLAY = {
    (waiting, after)
    for waiting in ("quarantined", "dead")
    for after in ("pending", "quarantined", "filtered")
}

FACTS = st.lists(
    st.tuples(
        st.sampled_from(list(Kind)),
        st.integers(0, 2),
        st.sampled_from(["pending", "pending", "pending", "quarantined", "filtered"]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda fact: fact[:2],
)


def told(record, kind, revision, status):
    fact = Fact(
        "main", "orders", record.id, kind, NOON + timedelta(days=revision % DAYS), revision=str(revision)
    )
    body = None if status == "filtered" else f"{record.id} {kind} {revision}".encode()
    event = uuid5(NAMESPACE_URL, f"{record.id} {kind} {revision}")
    return Told(
        event,
        fact,
        "",
        int(record.id) % LANES,
        [Owed("segment", Status(status), body=body, input=packed(b"{}"))],
    )


class LedgerMachine(RuleBasedStateMachine):
    """Captures, workers and a person, each doing their next step at any time."""

    def __init__(self, ledger):
        super().__init__()
        self.ledger = ledger
        self.now = NOON
        self.claims = []  # with what is left of each
        self.leases = {}  # lane: (token, until)
        self.requests = []
        self.rows = {}
        self.allowed = EDGES
        self._empty()

    def _empty(self):
        with self.ledger.engine.begin() as connection:
            for table in metadata.sorted_tables:
                connection.execute(delete(table))
            rows = [
                {"destination": "segment", "lane": n, "leased_until": 0, "blocked_until": 0, "failures": 0}
                for n in range(LANES)
            ]
            connection.execute(insert(lane), rows)

    @initialize(facts=FACTS)
    def all_are_seen(self, facts):
        self._record(range(6), facts, stale=False)

    @rule(numbers=st.sets(st.integers(0, 5), min_size=1, max_size=4), facts=FACTS, stale=st.booleans())
    def some_are_seen_again(self, numbers, facts, stale):
        self._record(numbers, facts, stale)

    def _record(self, numbers, facts, stale):
        records = [look(order(), record_id=str(number)) for number in numbers]
        seen = {} if stale else self.ledger.records.states("main", "orders", [one.id for one in records])
        new = self.ledger.records.states("main", "orders", [one.id for one in records])
        state = State(NOON, b"digest", 0, {})
        entries = [
            Entry(one, seen.get(one.id), state, None, [told(one, *fact) for fact in facts]) for one in records
        ]

        outcome = self.ledger.records.record(entries, door=Door.POLL, now=self.now, run=None, step=None)

        assert outcome.lost == (frozenset(new) if stale else frozenset())

    @rule(seconds=st.sampled_from([1, 10, 400, 4000]))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(lanes=st.integers(1, LANES), per_lane=st.integers(1, 3))
    def claim(self, lanes, per_lane):
        claim = self.ledger.lanes.claim("segment", self.now, lanes=lanes, per_lane=per_lane)

        for each in claim.lanes:
            _, until = self.leases.get(each, (None, self.now))
            assert until <= self.now, "a lane leased twice"
            self.leases[each] = (claim.token, self.now + LEASE)
        for each in claim.lanes:
            numbers = [message.seq for message in claim.messages if message.lane == each]
            first = sorted(
                row.seq for row in self.rows.values() if (row.lane, row.status) == (each, "pending")
            )
            assert numbers == first[: len(numbers)] != []
        self.claims.append((claim, list(claim.messages)))
        self._begin(claim, self.claims[-1][1], per_lane)

    @precondition(lambda self: any(left for _, left in self.claims))
    @rule(data=st.data(), count=st.integers(1, 4))
    def begin(self, data, count):
        claim, left = data.draw(st.sampled_from([each for each in self.claims if each[1]]))
        self._begin(claim, left, count)

    def _begin(self, claim, left, count):
        batch, left[:] = left[:count], left[count:]
        if not batch:
            return

        request = self.ledger.outbox.begin(claim, batch, self.now)

        ours = all(self.leases[message.lane][0] == claim.token for message in batch)
        assert (request is not None) == ours
        if request:
            self.requests.append((request, left))
            for each in claim.lanes:
                if self.leases[each][0] == claim.token:
                    self.leases[each] = (claim.token, self.now + LEASE)

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), ending=st.sampled_from(["accept", "bury", "split", "postpone", "in doubt"]))
    def settle(self, data, ending):
        request, left = self.requests.pop(data.draw(st.integers(0, len(self.requests) - 1)))
        before = {row.event_id: row.status for row in deliveries(self.ledger)}
        match ending:
            case "accept":
                self.ledger.outbox.accept(request, self.now)
            case "bury":
                self.ledger.outbox.bury(request, "refused", "", self.now)
            case "split":
                self.ledger.outbox.split(request, "", self.now)
                left[:0] = request.messages
            case _:
                taken = ending == "in doubt"
                self.ledger.outbox.postpone(
                    request, "", self.now, maybe_taken=taken, wait=timedelta(seconds=5)
                )

        if any(self.leases[each][0] != request.claim.token for each in request.lanes):
            assert {row.event_id: row.status for row in deliveries(self.ledger)} == before

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def release(self, data):
        claim, left = data.draw(st.sampled_from(self.claims))
        left.clear()
        self.ledger.lanes.release(claim, self.now)
        for each in claim.lanes:
            if self.leases[each][0] == claim.token:
                self.leases[each] = (None, self.now)

    @rule(hours=st.sampled_from([0, 1, 2]))
    def expire(self, hours):
        self.ledger.outbox.expire("segment", self.now - timedelta(hours=hours), self.now)

    @rule(status=st.sampled_from([Status.PENDING, Status.QUARANTINED, Status.FILTERED]))
    def replay(self, status):
        self.allowed = EDGES | BY_REPLAY
        held, _ = self.ledger.waiting.next(Choice(), 0, 100)
        self.ledger.waiting.settle(
            [(one, Owed(one.destination, status, body=one.body)) for one in held], self.now
        )

    @invariant()
    def promises_hold(self):
        check_books(self.ledger)
        rows = {row.event_id: row for row in deliveries(self.ledger)}
        assert set(self.rows) <= set(rows), "a delivery is gone"
        for event, row in rows.items():
            before = self.rows.get(event)
            if before is None:
                assert (None, row.status) in self.allowed
                continue
            assert before.status == row.status or (before.status, row.status) in self.allowed
            assert (before.seq, before.lane, before.body) == (row.seq, row.lane, row.body)
        self.rows, self.allowed = rows, EDGES


@pytest.mark.parametrize(
    ("ledger_url", "examples"), [("sqlite", 40), ("postgres", 10)], indirect=["ledger_url"]
)
def test_the_promises_hold_after_every_step(ledger, examples):
    run_state_machine_as_test(
        lambda: LedgerMachine(ledger),
        settings=hypothesis_settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
