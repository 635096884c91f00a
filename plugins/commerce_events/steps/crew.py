"""Several senders at one destination, each with lanes of its own: batches are in flight at once, and whoever
the lanes are about still hears everything in order.
"""

import logging
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock

from commerce_events.destinations.destination import Destination
from commerce_events.domain.deliveries import Priority
from commerce_events.ledger.gate import NEVER
from commerce_events.ledger.lanes import Claim
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.clock import Clock
from commerce_events.steps.send import Sender

log = logging.getLogger(__name__)

# What one claim takes: a few megabytes, which are held in memory.
LANES = 32
MOST_PER_LANE = 100
LEAST_PER_LANE = 25

# A claim is given back after this time, sent or not: a live message may wait behind a backfill in its lane.
HELD = timedelta(seconds=2)

# Lanes that look free may be another worker's for a moment; seconds.
SHORTEST_WAIT = 0.05

# While some send, another looks so often for what has come in; seconds.
LOOKOUT = 0.5

# And a lease may end early, when its worker is done: each nap is twice as long as the one before, up to this.
LONGEST_NAP = 1.0


@dataclass(slots=True)
class Crew:
    """One destination, until `deadline` (as `clock.passed` counts); what is below `down_to` is left alone."""

    ledger: Ledger
    destination: Destination
    clock: Clock
    deadline: float
    down_to: Priority = Priority.BACKFILL
    outcome: Counter[str] = field(default_factory=Counter)
    _busy: set[Future[Sender]] = field(default_factory=set)
    _stopped: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _trusted: bool = False  # whether the last claim that sent anything brought something across
    _backfill_from: datetime | None = None
    _nap: float = SHORTEST_WAIT

    def run(self) -> None:
        """Until nothing is due or the time is used up. What ends one sender ends all."""
        name = self.destination.name
        self.ledger.lanes.prepare(name)
        self.ledger.gate.prepare(name)
        self.ledger.statistics.count_what_grew()
        now = self.clock.now()
        self.outcome["dead"] += self.ledger.outbox.expire(name, now - self.destination.max_age, now)
        with ThreadPoolExecutor(self.destination.senders, f"send-{name}") as pool:
            try:
                while self._time_left() and self._opened() and self._goes_on(pool):
                    pass
                self._collect_all()
            finally:
                self._stopped.set()
        log.info("destination %s: %s", name, dict(self.outcome))

    def _goes_on(self, pool: ThreadPoolExecutor) -> bool:
        """Hand out one more claim. Nothing due: wait for what comes back or falls due, if anything will."""
        claim = self._claim()
        if claim.messages:
            self._nap = SHORTEST_WAIT
            self._busy.add(pool.submit(self._send, claim))
            if len(self._busy) >= self._hands:
                self._collect(None)
            return True
        self.ledger.lanes.release(claim, self.clock.now())
        if self._busy:
            self._collect(LOOKOUT)
            return True
        return self._wait_until(self._next_due())

    @property
    def _hands(self) -> int:
        """One alone tries first: a wrong key or a closed gate costs one request, not many."""
        return self.destination.senders if self._trusted else 1

    def _claim(self) -> Claim:
        now, rate = self.clock.now(), self.destination.events_per_second
        fair = int(rate * HELD.total_seconds() / self.destination.senders / LANES)
        per_lane = min(max(fair, LEAST_PER_LANE), MOST_PER_LANE)
        return self.ledger.lanes.claim(
            self.destination.name, now, lanes=LANES, per_lane=per_lane, down_to=self._down_to(now)
        )

    def _down_to(self, now: datetime) -> Priority:
        """Backfilled messages are left alone while their part of the rate is used up."""
        if self._backfill_from is not None and now < self._backfill_from:
            return Priority.LIVE
        self._backfill_from = None
        return self.down_to

    def _send(self, claim: Claim) -> Sender:
        sender = Sender(self.ledger, self.destination, self.clock, self._may_begin)
        try:
            sender.send_all(claim, HELD if self._trusted else timedelta(0))
        finally:
            self.ledger.lanes.release(claim, self.clock.now())
            with self._lock:
                self.outcome.update(sender.outcome)
        return sender

    def _collect(self, patience: float | None) -> None:
        """Take back the senders that are done; what one of them raises is raised here."""
        done, self._busy = wait(self._busy, patience, FIRST_COMPLETED)
        for sender in [each.result() for each in done]:
            if sender.outcome:
                self._trusted = sender.outcome["accepted"] > 0
            if sender.backfill_from is not None:
                self._backfill_from = sender.backfill_from

    def _collect_all(self) -> None:
        while self._busy:
            self._collect(None)

    def _opened(self) -> bool:
        """Whether the gate is open, waiting for it if that is soon enough."""
        while until := self.ledger.gate.closed_until(self.destination.name, self.clock.now()):
            self._collect_all()
            if not self._wait_until(until):
                return False
        return True

    def _next_due(self) -> datetime | None:
        if self._backfill_from is None:
            return self.ledger.lanes.next_due(self.destination.name, self.down_to)
        live = self.ledger.lanes.next_due(self.destination.name, Priority.LIVE)
        return min(live or NEVER, self._backfill_from)

    def _wait_until(self, due: datetime | None) -> bool:
        """Sleep towards `due` if it comes before the deadline; whether there is something to go on with."""
        if due is None:
            return False
        seconds = max((due - self.clock.now()).total_seconds(), SHORTEST_WAIT)
        if self.clock.passed() + seconds >= self.deadline:
            return False
        self.clock.sleep(min(seconds, self._nap))
        self._nap = min(2 * self._nap, LONGEST_NAP)
        return True

    def _may_begin(self) -> bool:
        return self._time_left() and not self._stopped.is_set()

    def _time_left(self) -> bool:
        return self.clock.passed() < self.deadline
