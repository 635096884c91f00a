"""Capture: what changed in a store becomes facts and messages in the ledger."""

import logging
from collections import Counter
from collections.abc import Iterable

from commerce_events.domain.errors import AttentionError
from commerce_events.domain.records import Reject
from commerce_events.ledger.scans import Step
from commerce_events.steps.complete import prepared
from commerce_events.steps.deleted import NOT_FOUND, capture_deleted
from commerce_events.steps.introductions import introducing_streams
from commerce_events.steps.litter import collected_seldom
from commerce_events.steps.profiles import tell_profiles
from commerce_events.steps.record import record_all
from commerce_events.steps.store import OpenStore

log = logging.getLogger(__name__)

ORDERS = "orders"


@collected_seldom()
def capture_changes(store: OpenStore, stream: str) -> Counter[str]:
    """Read what changed since the stream's watermark; returns counts by what was recorded.

    Safe to run again, and beside another capture of the same stream. One that was cut off goes on behind
    the last page it recorded; the watermark moves only when a scan has ended. Orders wait for the first
    scan of the people who place them, so that nobody's first message is about a stranger.
    """
    outcome: Counter[str] = Counter()
    if stream == ORDERS:
        for people in introducing_streams(store):
            if not store.ledger.scans.is_complete(store.name, people):
                outcome += _scan(store, people)
    outcome += _scan(store, stream)
    _note_past(store, stream)
    outcome += tell_profiles(store)
    _tell_disagreements(store)
    return outcome


def capture_records(store: OpenStore, stream: str, ids: Iterable[str]) -> Counter[str]:
    """Read these records again, whatever is known of them; used by replays and event doors."""
    outcome: Counter[str] = Counter()
    for record_id in ids:
        found = store.source.read(stream, record_id)
        if isinstance(found, Reject) and found.reason == NOT_FOUND and stream != ORDERS:
            outcome += capture_deleted(store, stream, record_id)
            continue
        records, rejects = ([], [found]) if isinstance(found, Reject) else ([found], [])
        outcome += record_all(store, stream, records, rejects)
    return outcome + tell_profiles(store)


def _scan(store: OpenStore, stream: str) -> Counter[str]:
    outcome: Counter[str] = Counter()
    scan = store.ledger.scans.open(store.name, stream, store.settings.start)
    for coming in prepared(store, stream, store.source.changed_since(scan.start, stream, scan.cursor)):
        page = coming.page
        step = Step(scan, page.cursor, page.served_at)
        outcome += record_all(store, stream, page.records, page.rejects, step, coming.complete)
        log.info("store %s, %s: %s", store.name, stream, dict(outcome))
    store.ledger.statistics.count_what_grew()
    store.ledger.scans.finish(scan, store.clock())
    return outcome


def _tell_disagreements(store: OpenStore) -> None:
    """All is recorded, and by the reference engine where the two differed. Earlier messages may be wrong."""
    found = store.renderer.templates.disagreements
    if found:
        raise AttentionError(
            f"the fast template engine differed from the reference, which serves instead: "
            f'{"; ".join(map(str, found))}. Set engine = "reference" for these trackings in commerce.toml'
        )


def _note_past(store: OpenStore, stream: str) -> None:
    """Sums over a person's orders are right once nothing before `start` is missing: one cheap question."""
    charter = store.ledger.charter
    if stream != ORDERS or not store.settings.traits.computed or charter.knows_past(store.name):
        return
    if not store.source.anything_before(store.settings.start, ORDERS):
        charter.note_past(store.name, "the store had no order before its start")
        store.ledger.people.all_behind(store.name)
