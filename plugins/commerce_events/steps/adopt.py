"""Adopt: what a store has is recorded as told already, so that only what changes from here on is news.

For the day when another integration is switched off, and for a ledger that was lost.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.moments import EPOCH
from commerce_events.domain.states import Adoption
from commerce_events.ledger.scans import Step
from commerce_events.steps.complete import prepared
from commerce_events.steps.introductions import introducing_streams
from commerce_events.steps.record import record_all
from commerce_events.steps.store import OpenStore

log = logging.getLogger(__name__)

ORDERS = "orders"


def adopt(store: OpenStore, adoption: Adoption) -> Counter[str]:
    """Record everything created before a time. What the adoption holds is filtered as `adopted`, and what
    happened earlier, or to a record that was missed, as `before_start`: a backfill can tell it. What has
    happened since, to a record that was there before, is told as ever.

    Safe to run again: one that was cut off goes on behind its last page. Nobody is told of what their adopted
    orders come to, or which ids of theirs belong together, before something about them changes.
    """
    check(store, adoption)
    before = adoption.before
    adopting = replace(store, door=Door.ADOPT, adoption=adoption)
    outcome: Counter[str] = Counter()
    for stream in streams(store):
        outcome += _adopted(adopting, stream, before)
    if before >= store.settings.start:
        store.ledger.charter.note_past(store.name, f"adopted what was there before {before.isoformat()}")
    return outcome


def check(store: OpenStore, adoption: Adoption) -> None:
    """Raises ConfigurationError where nothing can be adopted."""
    if adoption.before > store.clock():
        raise ConfigurationError("nothing that is yet to happen can be adopted: the time lies in the future")
    if adoption.since >= adoption.before:
        raise ConfigurationError(f"nothing lies between {adoption.since} and {adoption.before} to be adopted")


def streams(store: OpenStore) -> Iterator[str]:
    """People before what they bought."""
    yield from introducing_streams(store)
    yield ORDERS


def _adopted(store: OpenStore, stream: str, before: datetime) -> Counter[str]:
    outcome: Counter[str] = Counter()
    scan = store.ledger.scans.adoption(store.name, stream, before)
    if scan is None:
        return outcome
    pages = store.source.created_between(EPOCH, before, stream, scan.cursor)
    for coming in prepared(store, stream, pages):
        page = coming.page
        step = Step(scan, page.cursor, page.served_at)
        outcome += record_all(store, stream, page.records, page.rejects, step, coming.complete)
        log.info("store %s, %s: adopted %s", store.name, stream, dict(outcome))
    store.ledger.scans.close(scan, store.clock())
    return outcome
