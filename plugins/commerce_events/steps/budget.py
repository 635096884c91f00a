"""One rate for all who read a store or send to a destination, kept in the ledger; a part is for backfills."""

from dataclasses import dataclass
from datetime import timedelta

from commerce_events.config import Store
from commerce_events.domain.errors import TransientError
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.clock import Clock

FOREVER = timedelta(days=365)


def grant_backfills(ledger: Ledger, store: Store, share: float) -> None:
    """The part, above 0 and up to 1, that all backfills together may take of the store's requests and of its
    destinations' events. The last word counts.
    """
    for name in (requests_to(store.name), *store.destinations):
        ledger.gate.grant_backfills(name, share)


def requests_to(store: str) -> str:
    """The name of the gate before a store; no destination can have it."""
    return f"store:{store}"


@dataclass(frozen=True, slots=True)
class RequestBudget:
    """A store's requests, booked in blocks. Those of a backfill come out of the part for backfills first."""

    ledger: Ledger
    store: str
    per_second: float
    clock: Clock
    backfill: bool

    def book(self, requests: int) -> float:
        """The seconds until the first of so many may leave."""
        gate, name = self.ledger.gate, requests_to(self.store)
        if self.backfill:
            turn = gate.reserve_share(name, requests, self.per_second, self.clock.now, FOREVER)
            if not turn.booked:
                raise TransientError(f"store {self.store}: backfills have no part of its requests")
            self.clock.sleep_until(turn.at)
        at = gate.reserve(name, requests, self.per_second, self.clock.now)
        if at is None:
            raise TransientError(f"store {self.store}: its requests are paused")
        return max(0.0, (at - self.clock.now()).total_seconds())
