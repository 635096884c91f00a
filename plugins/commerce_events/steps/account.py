"""Account: whether every record of a plan's span is in the ledger, and what follows if it is."""

from datetime import datetime

from commerce_events.domain.plans import Plan
from commerce_events.domain.windows import first_of_day
from commerce_events.steps.backfill import note_past
from commerce_events.steps.store import OpenStore
from commerce_events.steps.verification import Verification
from commerce_events.steps.verify import verify


def accounted(store: OpenStore, plan: Plan) -> list[Verification]:
    """The plan's span, stream by stream. One that leaves no gap may complete what is known of the past."""
    end = plan.end
    found = [
        verify(store, stream, first_day(store, stream, plan.wish.start, end), end)
        for stream in plan.wish.streams
    ]
    if all(each.is_complete for each in found) and not store.ledger.charter.reads_only:
        note_past(store, plan)
    return found


def first_day(store: OpenStore, stream: str, start: datetime, end: datetime) -> datetime:
    """Where the first record of a span may be: few know when their store began, and a day costs a request.

    Halved a dozen times, where the store can count and neither it nor the ledger has anything before.
    """
    while (middle := first_of_day(start + (end - start) / 2)) > start:
        if _anything(store, stream, start, middle):
            end = middle
        else:
            start = middle
    return start


def _anything(store: OpenStore, stream: str, start: datetime, end: datetime) -> bool:
    return store.source.count(stream, start, end) != 0 or bool(
        store.ledger.accounts.fates(store.name, stream, start, end)
    )
