"""Drain: move what waits in a store's queue into the inbox. A message leaves the queue only after that."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import BadRecordError
from commerce_events.domain.hints import Hint
from commerce_events.domain.records import Reject
from commerce_events.ledger.ledger import Ledger
from commerce_events.sources.elasticpath.hints import hint
from commerce_events.sources.queue import Parcel, Queue
from commerce_events.steps.record import keep_rejects
from commerce_events.steps.store import OpenStore

log = logging.getLogger(__name__)

MOST_LOOKS = 100  # of ten messages each
STREAM = "queue"  # what unreadable messages are filed under: nobody knows which stream they are about


@dataclass(frozen=True, slots=True)
class Feed:
    """A store's queue. `opened` opens the store, which only an unreadable message needs."""

    store: str
    queue: Queue
    opened: Callable[[], OpenStore]


def drain(feed: Feed, ledger: Ledger, *, wait: int, clock: Callable[[], datetime]) -> Counter[str]:
    """Until nothing waits, or very much was moved; a look takes at most `wait` seconds. Counts messages.

    Safe to run again, and beside itself. Who dies in between leaves messages that come again, and are the
    same hints then. One that cannot be read is kept for a person, since it would come for ever.
    """
    outcome: Counter[str] = Counter()
    for _ in range(MOST_LOOKS):
        parcels = feed.queue.receive(wait)
        if not parcels:
            break
        outcome += _take(feed, ledger, parcels, clock())
    if outcome:
        log.info("queue of store %s: %s", feed.store, dict(outcome))
    return outcome


def _take(feed: Feed, ledger: Ledger, parcels: Sequence[Parcel], now: datetime) -> Counter[str]:
    hints, unreadable = _read(feed.store, parcels)
    new = ledger.inbox.keep(hints, now)
    if unreadable:
        keep_rejects(feed.opened(), STREAM, unreadable)
    gone = feed.queue.delete(parcels)
    return +Counter(
        {
            "messages": len(parcels),
            "hints": new,
            "unreadable": len(unreadable),
            "left in the queue": len(parcels) - gone,
        }
    )


def _read(store: str, parcels: Sequence[Parcel]) -> tuple[list[Hint], list[Reject]]:
    hints: list[Hint] = []
    unreadable: list[Reject] = []
    for parcel in parcels:
        try:
            hints.append(hint(store, Door.QUEUE, parcel.body))
        except BadRecordError as error:
            why = f"message {parcel.id} {error}"
            unreadable.append(Reject(None, f"message_{error.reason}", error.path, why, parcel.body))
    return hints, unreadable
