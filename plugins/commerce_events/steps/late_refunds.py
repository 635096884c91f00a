"""Late refunds: the payments of recent orders, looked at again although their orders have not changed.

A refund of a part changes a payment, and no store promises that the order's own time moves with it. There is
no list of payments, so each look costs a request, and every order has its turn once in so many days.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from zlib import crc32

from commerce_events.domain.order_life import refunded_total
from commerce_events.domain.records import Record, Reject
from commerce_events.domain.states import looks_like
from commerce_events.ledger.found import Gap, State, Tally
from commerce_events.steps.capture import ORDERS
from commerce_events.steps.days import DAY, midnight
from commerce_events.steps.recapture import recapture
from commerce_events.steps.store import OpenStore

log = logging.getLogger(__name__)

LATE_REFUND = "a refund that did not change the order"
KIND = "refunds"

# Refunded in full shows in the order itself, and unpaid ones have nothing to give back.
IN_PARTS = frozenset({"paid", "partially_paid"})


def look_for_refunds(store: OpenStore) -> Counter[str]:
    """Those orders whose turn has come since the last look. What is found is captured like any refund."""
    days, cycle, now = store.settings.refund_days, store.settings.refund_cycle_days, store.clock()
    payments = IN_PARTS & store.settings.payments_with_transactions()
    if not days or not payments or not store.ledger.scans.is_complete(store.name, ORDERS):
        return Counter()
    span = max(midnight(now) - days * DAY, store.settings.start), now
    turns = _turns(store, now.date(), cycle)
    if not turns:
        return Counter()
    number = store.ledger.findings.begin(KIND, store.name, span, store.run, now)
    outcome: Counter[str] = Counter()
    late: list[Record] = []
    for page in store.source.created_between(*span, ORDERS):
        due = [
            each for each in page.records if each.order.payment in payments and _turn(each.id, cycle) in turns
        ]
        outcome["looked_at"] += len(due)
        late += _changed(store, due)
    recapture(store, ORDERS, [each.id for each in late])
    gaps = [_gap(store, each) for each in late]
    store.ledger.findings.note_gaps(number, gaps, now)
    store.ledger.findings.finish(number, Tally(len(gaps), len(gaps)), store.clock())
    outcome["found"] = len(late)
    log.info("store %s, late refunds: %s", store.name, dict(outcome))
    return outcome


def _turns(store: OpenStore, today: date, cycle: int) -> frozenset[int]:
    """Today's turn, unless somebody looked today, and those of the days on which nobody did."""
    last = store.ledger.findings.last(KIND, store.name)
    missed = (today - last.done_at.date()).days if last else 1
    days = range(min(missed, cycle))
    return frozenset((today.toordinal() - each) % cycle for each in days)


def _turn(record_id: str, cycle: int) -> int:
    return crc32(record_id.encode()) % cycle


def _changed(store: OpenStore, due: Iterable[Record]) -> Iterator[Record]:
    """Those whose payments say more than is known. One that has changed itself is the next capture's."""
    due = list(due)
    seen = store.ledger.records.states(store.name, ORDERS, [each.id for each in due])
    for each in due:
        known = seen.get(each.id)
        if known is None or known.erased or not looks_like(each, known.state):
            continue
        found = store.source.complete(each)
        if not isinstance(found, Reject) and (refunded_total(found.order) or 0) > known.state.refunded:
            yield found


def _gap(store: OpenStore, each: Record) -> Gap:
    return Gap(store.name, ORDERS, each.id, LATE_REFUND, each.created_at.date(), State.HEALED)
