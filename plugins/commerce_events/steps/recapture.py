"""Recapture: read records again and doubt what the ledger says of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from commerce_events.domain.records import Record, Reject
from commerce_events.domain.states import State
from commerce_events.steps.capture import ORDERS
from commerce_events.steps.deleted import NOT_FOUND, capture_deleted
from commerce_events.steps.profiles import tell_profiles
from commerce_events.steps.record import Doubt, record_all
from commerce_events.steps.store import OpenStore

# Recorded together: what was sent of them is looked up once for all.
GROUP = 100


def look_again(_record_id: str, state: State) -> State:
    """Whatever is found counts, although nothing may seem to have changed."""
    return replace(state, settled=False)


def recapture(store: OpenStore, stream: str, ids: Iterable[str], doubt: Doubt = look_again) -> Counter[str]:
    """As `capture_records`; rows that the ledger lacks are written again, and nothing is sent twice."""
    outcome: Counter[str] = Counter()
    left = list(dict.fromkeys(ids))
    if not left:
        return outcome
    for place in range(0, len(left), GROUP):
        read = [store.source.read(stream, each) for each in left[place : place + GROUP]]
        records = [each for each in read if isinstance(each, Record)]
        rejects = [each for each in read if isinstance(each, Reject)]
        gone = [each for each in rejects if each.reason == NOT_FOUND and stream != ORDERS]
        for each in gone:
            outcome += capture_deleted(store, stream, each.record_id or "")
        unread = [each for each in rejects if each not in gone]
        outcome += record_all(store, stream, records, unread, doubt=doubt)
    return outcome + tell_profiles(store)
