"""Deliver: send what the ledger owes, in order per person, and write down how each message ended."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from commerce_events.destinations.destination import Destination
from commerce_events.domain.batches import pack
from commerce_events.domain.deliveries import Message
from commerce_events.domain.errors import AttentionError, ConfigurationError, RejectedError, TransientError
from commerce_events.ledger.lanes import Claim
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.outbox import Request

log = logging.getLogger(__name__)

# A claim is held in memory: some 6,000 messages at most, a few megabytes.
LANES = 32
PER_LANE = 200

# Lanes that look free may be another worker's for a moment; seconds.
SHORTEST_WAIT = 0.05

# And a lease may end early, when its worker is done.
LONGEST_NAP = 5.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the step sees it: the wall for what is written down, `passed` for the budget."""

    now: Callable[[], datetime]
    passed: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def deliver(
    ledger: Ledger, destinations: Sequence[Destination], *, budget: timedelta, clock: Clock
) -> Counter[str]:
    """Send until nothing is due or the time is used up; what is left is the next run's.

    Safe to run again, and beside other deliveries. Raises ConfigurationError when a destination refuses
    its key, AttentionError when messages became dead letters; both only after all else was tried.
    """
    outcome: Counter[str] = Counter()
    refused: list[ConfigurationError] = []
    for destination in destinations:
        delivery = Delivery(
            ledger, destination, clock, clock.passed() + budget.total_seconds() / len(destinations)
        )
        try:
            delivery.run()
        except ConfigurationError as error:
            refused.append(error)
        outcome += delivery.outcome
    if refused:
        raise refused[0]
    if outcome["dead"]:
        raise AttentionError(
            f"{outcome['dead']} messages became dead letters: `commerce-events replay --dry-run` lists them"
        )
    return outcome


@dataclass(slots=True)
class Delivery:
    """One destination, until `deadline` (as `clock.passed` counts)."""

    ledger: Ledger
    destination: Destination
    clock: Clock
    deadline: float
    outcome: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        name = self.destination.name
        self.ledger.lanes.prepare(name)
        self.ledger.gate.prepare(name)
        now = self.clock.now()
        self.outcome["dead"] += self.ledger.outbox.expire(name, now - self.destination.max_age, now)
        while self._time_left() and self._opened():
            claim = self.ledger.lanes.claim(name, self.clock.now(), lanes=LANES, per_lane=PER_LANE)
            try:
                self._send_all(claim)
            finally:
                self.ledger.lanes.release(claim, self.clock.now())
            if not claim.messages and not self._wait_until(self.ledger.lanes.next_due(name)):
                break
        log.info("destination %s: %s", name, dict(self.outcome))

    def _send_all(self, claim: Claim) -> None:
        """Send a claim batch by batch; a lane that failed rests, since its later messages must wait."""
        left = claim.messages
        while left and self._time_left():
            batch = next(pack(left, self.destination.client.limits))
            resting = self._send(claim, batch)
            if resting is None:
                return
            left = tuple(message for message in left[len(batch) :] if message.lane not in resting)

    def _send(self, claim: Claim, batch: Sequence[Message]) -> frozenset[int] | None:
        """Send one batch; returns the lanes that must rest, or None when the claim is to be given back.

        That is when its lease was lost, and when the destination asked to wait, be it another worker.
        """
        self._keep_the_rate(len(batch))
        if self.ledger.gate.closed_until(self.destination.name, self.clock.now()) is not None:
            return None
        size = sum(len(message.body) for message in batch)
        request = self.ledger.outbox.begin(claim, batch, size, self.clock.now())
        if request is None:
            return None
        bodies = [message.body for message in batch]
        retries = max(message.attempts for message in batch)
        try:
            self.destination.client.send(bodies, sent_at=self.clock.now(), retries=retries)
        except TransientError as error:
            return self._postpone(request, error)
        except RejectedError as error:
            return self._refuse(request, error)
        except ConfigurationError as error:
            self.ledger.outbox.postpone(
                request, str(error), self.clock.now(), maybe_taken=False, wait=timedelta(0)
            )
            raise
        if self.ledger.outbox.accept(request, self.clock.now()):
            self.outcome["accepted"] += len(batch)
        return frozenset()

    def _postpone(self, request: Request, error: TransientError) -> frozenset[int]:
        now = self.clock.now()
        if error.after is not None:  # the destination asked everyone to wait
            self.ledger.gate.block(self.destination.name, now + timedelta(seconds=error.after))
        self.ledger.outbox.postpone(request, str(error), now, maybe_taken=error.maybe_taken, wait=None)
        self.outcome["postponed"] += len(request.messages)
        log.warning(
            "destination %s: %s; %d messages wait", self.destination.name, error, len(request.messages)
        )
        return frozenset(request.lanes)

    def _refuse(self, request: Request, error: RejectedError) -> frozenset[int] | None:
        """One bad message does not sink its batch: halve it until the bad one stands alone."""
        now = self.clock.now()
        if len(request.messages) == 1:
            self.ledger.outbox.bury(request, "refused", str(error), now)
            self.outcome["dead"] += 1
            return frozenset()
        self.ledger.outbox.split(request, str(error), now)
        half = len(request.messages) // 2
        resting = self._send(request.claim, request.messages[:half])
        if resting is None:
            return None
        rest = [message for message in request.messages[half:] if message.lane not in resting]
        later = self._send(request.claim, rest) if rest else frozenset()
        return None if later is None else resting | later

    def _keep_the_rate(self, events: int) -> None:
        rate, now = self.destination.events_per_second, self.clock.now()
        wait = self.ledger.gate.reserve(self.destination.name, events, rate, now)
        if wait > 0:
            self.clock.sleep(wait)

    def _opened(self) -> bool:
        """Whether the gate is open, waiting for it if that is soon enough."""
        while until := self.ledger.gate.closed_until(self.destination.name, self.clock.now()):
            if not self._wait_until(until):
                return False
        return True

    def _wait_until(self, due: datetime | None) -> bool:
        """Sleep towards `due` if it comes before the deadline; whether there is something to go on with."""
        if due is None:
            return False
        wait = max((due - self.clock.now()).total_seconds(), SHORTEST_WAIT)
        if self.clock.passed() + wait >= self.deadline:
            return False
        self.clock.sleep(min(wait, LONGEST_NAP))
        return True

    def _time_left(self) -> bool:
        return self.clock.passed() < self.deadline
