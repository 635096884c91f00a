"""Doors: how long news takes through them, and whether a store has fallen silent."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from commerce_events.config import Store
from commerce_events.domain.delays import summaries
from commerce_events.ledger.ledger import Ledger

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
RECENT = timedelta(minutes=15)  # what the gauges are about

Gauge = Callable[[str, float, Mapping[str, str]], None]


def no_gauge(_name: str, _value: float, _tags: Mapping[str, str]) -> None:
    """Where nobody keeps statistics."""


def watch_doors(ledger: Ledger, stores: Mapping[str, Store], now: datetime, gauge: Gauge) -> list[str]:
    """What a person should know: which stores did not announce what polls found in the last 24 hours.

    `gauge` takes a name, a value and tags: seconds through each door, and the share of silent changes.
    """
    _tell_delays(ledger, now, gauge)
    return [
        finding for name, store in stores.items() for finding in _silence(ledger, name, store, now, gauge)
    ]


def _tell_delays(ledger: Ledger, now: datetime, gauge: Gauge) -> None:
    for one in summaries(ledger.doors.delays(now - RECENT)):
        tags = {"store": one.store, "door": one.door}
        for part, spread in (("arrival", one.arrival), ("ours", one.ours), ("altogether", one.altogether)):
            gauge(f"doors.{part}.p50", spread.p50, tags)
            gauge(f"doors.{part}.p95", spread.p95, tags)
            gauge(f"doors.{part}.max", spread.most, tags)


def _silence(ledger: Ledger, name: str, store: Store, now: datetime, gauge: Gauge) -> Iterator[str]:
    expected = store.events
    if not expected.expected:
        return
    grace = timedelta(minutes=expected.silence_minutes)
    found = ledger.doors.found(name, now - DAY, now - grace, grace)
    log.info("store %s: %d changes, %d not announced", name, found.changes, found.unannounced)
    gauge("doors.unannounced", found.share, {"store": name})
    if found.unannounced >= expected.silence_changes and found.share > expected.silence_share:
        yield (
            f"store {name} did not announce {found.unannounced} of {found.changes} changes of the last 24 "
            f"hours, more than {expected.silence_share:.0%}; polls found them. `commerce-events webhooks "
            f"status --store {name}` shows what it sends, and what its log says"
        )
