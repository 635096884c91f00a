"""Several batches in flight: order per person, honest ends and no loss, whatever fails or dies meanwhile."""

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from owing import owe
from proofs.books import check_arrivals, check_books, deliveries
from proofs.workers import KILLED, Executioner, Moment
from sqlalchemy import select

from commerce_events.domain.deliveries import Priority
from commerce_events.domain.errors import ConfigurationError
from commerce_events.ledger.tables import lane
from commerce_events.sandbox import faults
from commerce_events.steps.clock import Clock
from commerce_events.steps.deliver import deliver

TROUBLE = [fault for fault in faults.retryable(stall=0.01) if not fault.passes]
LIVE, BACKFILL = Priority.LIVE, Priority.BACKFILL
WALL = Clock(lambda: datetime.now(UTC))
PAUSE = 400.0  # beyond the lease that a dead worker leaves behind


@pytest.fixture
def owing(line):
    """People in every lane, several messages each, sent a few at a time."""
    owe(line, 400, LIVE, lanes=150)
    line.parcel = 4
    return line


def statuses(line):
    return Counter(row.status for row in deliveries(line.ledger))


class InFlight:
    """How many requests the stand-in holds at once; each takes its time, and waits a second for company."""

    def __init__(self, line) -> None:
        self.most = self._now = 0
        self._wanted = line.destination().senders
        self._together = threading.Event()
        self._lock = threading.Lock()
        line.segment.on_request(self._hold)

    def _hold(self, _) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self.most >= self._wanted:
                self._together.set()
        self._together.wait(1)
        time.sleep(0.01)
        with self._lock:
            self._now -= 1


def test_as_many_batches_as_there_are_senders_are_on_their_way_at_once(owing):
    meter = InFlight(owing)

    owing.deliver()

    assert meter.most == owing.destination().senders == 4
    check_arrivals(owing)
    check_books(owing.ledger)


def test_the_first_batch_of_a_run_goes_alone(owing):
    refusing = owing.destination(write_key="short")

    with pytest.raises(ConfigurationError):
        deliver(owing.ledger, [refusing], budget=timedelta(minutes=30), clock=owing.clock.clock())

    assert owing.segment.requests.total == 1
    assert statuses(owing) == {"pending": 400}


def test_lanes_that_another_gives_back_early_are_not_waited_for_long(line):
    """Its lease lasts minutes; whoever slept towards its end, or a second at a time, would be late."""
    owe(line, 3, LIVE, lanes=3)
    owing, naps = line.ledger, list[float]()
    owing.lanes.prepare("segment")
    held = owing.lanes.claim("segment", line.clock.now(), lanes=3, per_lane=9)
    assert len(held.messages) == 3

    def nap(seconds: float) -> None:
        naps.append(seconds)
        line.clock.sleep(seconds)
        if len(naps) == 3:
            owing.lanes.release(held, line.clock.now())

    clock = replace(line.clock.clock(), sleep=nap)
    deliver(owing, [line.destination()], budget=timedelta(minutes=30), clock=clock)

    assert statuses(line) == {"accepted": 3}
    assert naps == [0.05, 0.1, 0.2]


@pytest.mark.parametrize("seed", range(3))
def test_each_persons_order_is_kept_through_faults(owing, seed):
    owing.segment.faults.mix(0.2, seed, TROUBLE)

    owing.deliver()

    assert statuses(owing) == {"accepted": 400}
    check_arrivals(owing)
    check_books(owing.ledger)


def test_a_key_that_is_refused_midway_ends_all_senders_and_kills_nothing(owing):
    owing.segment.on_request(lambda _: owing.segment.requests.total == 10 and refuse(owing))

    with pytest.raises(ConfigurationError, match="401"):
        owing.deliver()

    assert owing.segment.requests.total <= 10 + 2 * owing.destination().senders
    assert set(statuses(owing)) == {"accepted", "pending"}
    assert_no_lane_is_held(owing)
    owing.deliver()
    check_arrivals(owing)


def refuse(line) -> None:
    """Once: those who hear no refusal themselves must be told of it."""
    line.segment.faults.next(faults.status(401))


def assert_no_lane_is_held(line) -> None:
    with line.ledger.engine.connect() as connection:
        assert set(connection.scalars(select(lane.c.token))) == {None}


def test_senders_that_wait_for_a_closed_gate_take_nothing_with_them(owing):
    """A 429 closes the gate while others have begun: they take their batches back unsent."""
    owing.segment.on_request(
        lambda _: owing.segment.requests.total == 8 and owing.segment.faults.next(faults.too_many(60))
    )

    owing.deliver()

    assert statuses(owing) == {"accepted": 400}
    assert {row.maybe_sent for row in deliveries(owing.ledger)} == {1}
    check_arrivals(owing)


@pytest.mark.parametrize("seed", range(2))
def test_a_process_killed_with_batches_in_flight_loses_nothing(owing, workers, seed):
    owing.segment.faults.always(faults.slow(0.02))
    executioner = Executioner(owing)
    for kill in range(3):
        process = workers.start(owing, "deliver", ahead=PAUSE * kill)
        executioner.kill(process, Moment("segment", 12 + 5 * seed, 0.01 * kill, latest=20.0))
        assert workers.wait(process) == KILLED
        check_books(owing.ledger)

    owing.clock.sleep(PAUSE * 4)
    owing.deliver()

    assert statuses(owing) == {"accepted": 400}
    check_books(owing.ledger)
    check_arrivals(owing, in_order=False)


def test_a_live_message_overtakes_a_huge_backfill_in_its_own_lane(line):
    """At the governed rate the backfill alone would take a minute, and its senders hold every lane."""
    owe(line, 5_000, BACKFILL)
    end = replace(line.destination(), events_per_second=100.0)
    told = {"budget": timedelta(seconds=7), "clock": WALL}
    sending = threading.Thread(target=deliver, args=(line.ledger, [end]), kwargs=told)
    sending.start()
    time.sleep(1.5)
    live = owe(line, 8, LIVE, lanes=256)

    sending.join()

    rows = {str(row.event_id): row for row in deliveries(line.ledger)}
    waits = [(rows[each].settled_at - rows[each].recorded_at) / 1e6 for each in live if rows[each].settled_at]
    assert len(waits) == 8
    assert max(waits) < 4.5
    assert 100 < statuses(line)["accepted"] < 1_000


def test_within_a_claim_live_messages_of_all_lanes_go_first(line):
    owe(line, 30, BACKFILL, lanes=3)
    live = owe(line, 30, LIVE, lanes=3)

    line.deliver()

    assert {one.message_id for one in line.segment.received()[:30]} == set(live)
