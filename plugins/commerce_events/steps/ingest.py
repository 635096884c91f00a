"""Ingest: capture the records that hints are about, and send what that tells, until no hint waits."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from commerce_events.destinations.destination import Destination
from commerce_events.domain.deliveries import Priority
from commerce_events.domain.errors import CommerceEventsError
from commerce_events.domain.hints import Fate, Waiting
from commerce_events.ledger.inbox import Ended
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.clock import Clock
from commerce_events.steps.deliver import deliver
from commerce_events.steps.hinted import capture_hinted
from commerce_events.steps.store import OpenStore

log = logging.getLogger(__name__)

# Hints taken up at a time: many, since those about one record are captured with one look at it.
PAGE = 1_000
# What they told is sent in between; backfills are for the runs that have more time.
SENDING = timedelta(seconds=10)
# To start a run takes Airflow a second or two, and as much computing as hundreds of orders do: whoever had
# something to do stays for a while, in case more comes.
LINGER = 10.0  # seconds
LOOK = 0.25

Openers = Mapping[str, Callable[[], OpenStore]]


def ingest(
    ledger: Ledger, stores: Openers, destinations: Sequence[Destination], *, budget: timedelta, clock: Clock
) -> Counter[str]:
    """Go on while hints wait or have just come, and time is left. Counts hints by their ends, and messages.

    Safe to run again, and beside itself. A store or destination that fails keeps no other from its turn;
    what was wrong is raised at the end.
    """
    ingesting = _Ingesting(ledger, stores, destinations, clock, clock.passed() + budget.total_seconds())
    return ingesting.run()


class _Ingesting:
    def __init__(
        self,
        ledger: Ledger,
        stores: Openers,
        destinations: Sequence[Destination],
        clock: Clock,
        deadline: float,
    ) -> None:
        self.ledger, self.stores, self.destinations, self.clock = ledger, stores, destinations, clock
        self.deadline = deadline
        self.outcome: Counter[str] = Counter()
        self.wrong: list[CommerceEventsError] = []
        self.failed: set[str] = set()
        self.tried: set[tuple[str, str]] = set()
        self.opened: dict[str, OpenStore] = {}
        self.newest: int | None = None

    def run(self) -> Counter[str]:
        self._send()  # what another run left, so that order is kept and nothing waits for a hint
        while self._time_left() and (self._next_pages() or self._more_come()):
            pass
        log.info("hints and messages: %s", dict(self.outcome))
        if self.wrong:
            raise self.wrong[0]
        return self.outcome

    def _next_pages(self) -> bool:
        """One page of each store that hints wait for; whether there was any."""
        _, self.newest = self.ledger.inbox.untried()
        names = [name for name in self.ledger.inbox.stores() if name not in self.failed]
        return any([self._next_page(name) for name in names])

    def _more_come(self) -> bool:
        """Whether new hints come while we linger; at once False where there was nothing to do at all."""
        until = self.clock.passed() + LINGER if self.tried else 0.0
        while self._time_left() and self.clock.passed() < until:
            if self.ledger.inbox.untried()[1] not in (None, self.newest):
                return True
            self.clock.sleep(LOOK)
        return False

    def _next_page(self, name: str) -> bool:
        already = sum(store == name for store, _ in self.tried)
        page = [
            one
            for one in self.ledger.inbox.waiting(name, PAGE + already)
            if (name, one.hint.event_id) not in self.tried
        ]
        self.tried |= {(name, one.hint.event_id) for one in page}
        try:
            self._capture(name, page)
        except CommerceEventsError as error:
            log.warning("store %s: %s", name, error)
            self.wrong.append(error)
            self.failed.add(name)
        return bool(page)

    def _capture(self, name: str, page: Sequence[Waiting]) -> None:
        if name not in self.stores:  # it was taken out of the settings; nobody will ever read it
            ended = [Ended(one.hint, Fate.IGNORED, "unknown_store") for one in page]
            self.ledger.inbox.end(ended, self.clock.now())
            self.outcome[f"hints {Fate.IGNORED}"] += len(ended)
            return
        if name not in self.opened:
            self.opened[name] = self.stores[name]()
        for counts in capture_hinted(self.opened[name], page):
            self.outcome += counts
            self._send()
            if not self._time_left():
                return

    def _send(self) -> None:
        try:
            self.outcome += deliver(
                self.ledger, self.destinations, budget=SENDING, clock=self.clock, down_to=Priority.LIVE
            )
        except CommerceEventsError as error:
            self.wrong.append(error)

    def _time_left(self) -> bool:
        return self.clock.passed() < self.deadline
