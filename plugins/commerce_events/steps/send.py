"""Send one claim of a destination's lanes, batch by batch, and write down how each message ended."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile

from commerce_events.destinations.destination import Destination
from commerce_events.domain.batches import pack
from commerce_events.domain.deliveries import Message, Priority
from commerce_events.domain.errors import ConfigurationError, RejectedError, TransientError
from commerce_events.domain.rates import LATE, parcel
from commerce_events.ledger.lanes import Claim
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.outbox import Request
from commerce_events.steps.clock import Clock

log = logging.getLogger(__name__)

# A backfill that has used up its part of the rate for longer than this gives its lanes back meanwhile.
PATIENCE = timedelta(seconds=1)

# So often a batch that came too late for its turn takes another. Then it goes: a slow disk stops nobody.
TURNS = 5


@dataclass(slots=True)
class Sender:
    """For one thread. `goes_on` False: no further batch is begun.

    `backfill_from` is when backfilled messages may go again, if some had to stay.
    """

    ledger: Ledger
    destination: Destination
    clock: Clock
    goes_on: Callable[[], bool]
    outcome: Counter[str] = field(default_factory=Counter)
    backfill_from: datetime | None = None

    def send_all(self, claim: Claim, held: timedelta) -> None:
        """At least one batch, and no further one after `held`: others may have what is more urgent.

        A lane that failed rests, since its later messages must wait.
        """
        left = claim.messages
        ends = self.clock.passed() + held.total_seconds()
        while left and self.goes_on():
            batch = self._first_of(left)
            resting = self._send(claim, batch) if self._has_share(batch) else None
            if resting is None or self.clock.passed() >= ends:
                return
            left = tuple(message for message in left[len(batch) :] if message.lane not in resting)

    def _first_of(self, messages: Sequence[Message]) -> Sequence[Message]:
        """The next batch: small beside the rate, and of one priority, since backfills take other turns."""
        limits, most = self.destination.client.limits, parcel(self.destination.events_per_second)
        first = messages[0].priority
        alike = takewhile(lambda message: message.priority == first, messages)
        return next(pack(alike, replace(limits, batch_messages=min(limits.batch_messages, most))))

    def _send(self, claim: Claim, batch: Sequence[Message]) -> frozenset[int] | None:
        """Send one batch; returns the lanes that must rest, or None when the claim is to be given back.

        That is when its lease was lost, and when the batch may not go now, be it for another worker.
        """
        request = self.ledger.outbox.begin(claim, batch, self.clock.now())
        if request is None:
            return None
        if not self._waits_its_turn(len(request.messages)):
            self.ledger.outbox.withdraw(request)
            return None
        bodies = [message.body for message in request.messages]
        retries = max(message.attempts for message in request.messages)
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
            self.outcome["accepted"] += len(request.messages)
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
        """One bad message does not sink its batch: halve it until the bad one stands alone. The halves go by
        the share of the rate that the whole has booked.
        """
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

    def _has_share(self, batch: Sequence[Message]) -> bool:
        """Whether a backfill's batch may go by the part of the rate that is for backfills."""
        if batch[0].priority is not Priority.BACKFILL:
            return True
        name, rate = self.destination.name, self.destination.events_per_second
        turn = self.ledger.gate.reserve_share(name, len(batch), rate, self.clock.now, PATIENCE)
        if not turn.booked:
            self.backfill_from = turn.at
            return False
        self.clock.sleep_until(turn.at)
        return True

    def _waits_its_turn(self, events: int) -> bool:
        """False where the gate is closed."""
        name, rate = self.destination.name, self.destination.events_per_second
        for _ in range(TURNS):
            turn = self.ledger.gate.reserve(name, events, rate, self.clock.now)
            if turn is None:
                return False
            self.clock.sleep_until(turn)
            if self.clock.now() <= turn + LATE:
                break
        return True
