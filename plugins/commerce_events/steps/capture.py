"""Capture: what changed in a store becomes facts and messages in the ledger."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import TransientError
from commerce_events.domain.lifecycle import is_news, judge
from commerce_events.domain.records import Page, Record, Reject
from commerce_events.ledger.entries import Entry, KnownStates, Seen
from commerce_events.ledger.scans import Step
from commerce_events.steps.store import OpenStore

log = logging.getLogger(__name__)

# Each lost race means that another capture recorded the same records; a second one is rare already.
MOST_LOST_RACES = 20

# Stores tell times in whole seconds, and not all of their clocks agree to the second.
SETTLED_AFTER = timedelta(seconds=2)


def capture_changes(store: OpenStore, stream: str) -> Counter[str]:
    """Read what changed since the stream's watermark; returns counts by what was recorded.

    Safe to run again, and beside another capture of the same stream. One that was cut off goes on behind
    the last page it recorded; the watermark moves only when a scan has ended.
    """
    outcome: Counter[str] = Counter()
    scan = store.ledger.scans.open(store.name, stream, store.settings.start)
    for page in store.source.changed_since(scan.start, stream, scan.cursor):
        outcome += capture_page(store, stream, page, Step(scan, page.cursor, page.served_at))
        log.info("store %s, %s: %s", store.name, stream, dict(outcome))
    store.ledger.scans.finish(scan, store.clock())
    return outcome


def capture_records(store: OpenStore, stream: str, ids: Iterable[str]) -> Counter[str]:
    """Read these records again, whatever is known of them; used by replays and event doors."""
    outcome: Counter[str] = Counter()
    for record_id in ids:
        found = store.source.read(stream, record_id)
        records, rejects = ([], [found]) if isinstance(found, Reject) else ([found], [])
        outcome += _record(store, stream, records, rejects, None)
    return outcome


def capture_page(store: OpenStore, stream: str, page: Page, step: Step | None) -> Counter[str]:
    """Record one page: all of its news, its rejects, and how far the scan is."""
    return _record(store, stream, page.records, page.rejects, step)


def _record(
    store: OpenStore, stream: str, records: Sequence[Record], rejects: Sequence[Reject], step: Step | None
) -> Counter[str]:
    outcome = Counter({"records": len(records) + len(rejects)})
    outcome.update(_reject(store, stream, rejects))
    complete: dict[str, Record] = {}  # what was asked for in detail is not asked again after a lost race
    for _ in range(MOST_LOST_RACES):
        seen = store.ledger.records.states(store.name, stream, [record.id for record in records])
        news, unreadable = _news(store, records, seen, complete)
        outcome.update(_reject(store, stream, unreadable))
        entries = [_judged(store, record, seen.get(record.id), step) for record in news]
        written = store.ledger.records.record(
            entries, door=Door.POLL, now=store.clock(), run=store.run, step=step
        )
        outcome.update(written.counts)
        outcome["changed"] += len(entries) - len(written.lost)
        if not written.lost:
            store.ledger.rejects.settle(store.name, stream, [record.id for record in news], store.clock())
            return outcome
        records = [record for record in records if record.id in written.lost]
    raise TransientError(f"{len(records)} records of {store.name} were written by others each time we tried")


def _news(
    store: OpenStore, records: Sequence[Record], seen: KnownStates, complete: dict[str, Record]
) -> tuple[list[Record], list[Reject]]:
    """The records that differ from what is known, with all that their payments tell."""
    news: list[Record] = []
    unreadable: list[Reject] = []
    for record in records:
        known = seen.get(record.id)
        if not is_news(record, known.state if known else None):
            continue
        found = complete.get(record.id) or _completed(store, record, known)
        if isinstance(found, Reject):
            unreadable.append(found)
            continue
        complete[record.id] = found
        if is_news(found, known.state if known else None):
            news.append(found)
    return news, unreadable


def _completed(store: OpenStore, record: Record, known: Seen | None) -> Record | Reject:
    """All there is to know of a record. Two contents of one second: the store says which one is newer."""
    if known is not None and record.updated_at == known.state.updated_at:
        return store.source.read(record.stream, record.id)
    return store.source.complete(record)


def _judged(store: OpenStore, record: Record, seen: Seen | None, step: Step | None) -> Entry:
    judgement = judge(record, seen.state if seen else None, store.settings.lifecycle_policy())
    told = [row for fact in judgement.facts for row in store.renderer.told(fact, record, Door.POLL)]
    person = store.renderer.identity(record).person
    settled = step is not None and record.updated_at + SETTLED_AFTER <= step.served_at
    return Entry(record, seen, replace(judgement.state, settled=settled), person, told)


def _reject(store: OpenStore, stream: str, rejects: Sequence[Reject]) -> Counter[str]:
    kept = store.ledger.rejects.keep(store.name, stream, rejects, store.clock())
    return Counter({f"rejected {reason}": count for reason, count in kept.items()})
