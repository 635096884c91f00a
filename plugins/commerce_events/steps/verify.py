"""Verify: whether every record of the store is accounted for in the ledger. Reads only.

Counting comes first, since it costs a request for a day; ids are compared only where the counts differ.
Records change and are captured meanwhile: what changed a moment ago is left to the next look, and whoever
differs is asked for again before it is called a gap.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from commerce_events.ledger.accounts import Fate
from commerce_events.steps.days import Piece, pieces, runs
from commerce_events.steps.store import OpenStore
from commerce_events.steps.unequal import unequal
from commerce_events.steps.unlike import compared
from commerce_events.steps.verification import Day, Verification

log = logging.getLogger(__name__)

# Stores show a change late, and a sync takes its time: what is younger is not judged.
SETTLE = timedelta(minutes=15)

# So many days are counted at once: a short question for the ledger, and few requests where all is well.
DAYS_AT_ONCE = 31


def verify(
    store: OpenStore, stream: str, start: datetime, end: datetime, *, settle: timedelta = SETTLE
) -> Verification:
    """Account for the records created from `start` on and before `end`, if they are older than `settle`.

    Costs a request for each day and, for orders, 24 for each month; where something differs, those that list
    the days it may be on. Safe beside a sync and a backfill.
    """
    end = min(end, store.clock() - settle)
    span = list(pieces(start, end))
    if span and store.source.count(stream, span[0].start, span[0].end) is None:
        days = compared(store, stream, span, settle)  # whoever cannot count can list only everything at once
        return Verification(store.name, stream, start, end, days)
    days = []
    for place in range(0, len(span), DAYS_AT_ONCE):
        days += _verified(store, stream, span[place : place + DAYS_AT_ONCE], settle)
        log.info("store %s, %s: verified until %s", store.name, stream, days[-1].day)
    return Verification(store.name, stream, start, end, days)


def _verified(store: OpenStore, stream: str, span: Sequence[Piece], settle: timedelta) -> list[Day]:
    """Of pieces that follow each other."""
    counts = {piece: _count(store, stream, piece) for piece in span}
    fates = _fates(store, stream, span)
    days = {
        piece: Day(piece.start.date(), count, fates.get(piece.start.date(), ()))
        for piece, count in counts.items()
        if count is not None
    }
    equal = [piece for piece, day in days.items() if day.store == day.records]
    sure = set(equal).difference(*(unequal(store, stream, run) for run in runs(equal)))
    return [
        day
        for piece in span
        for day in ([days[piece]] if piece in sure else compared(store, stream, [piece], settle))
    ]


def _count(store: OpenStore, stream: str, piece: Piece) -> int | None:
    """None where the store counts whole days only, and this is none."""
    if not piece.is_whole and not store.source.filters_by_second(stream, piece.start):
        return None
    return store.source.count(stream, piece.start, piece.end)


def _fates(store: OpenStore, stream: str, span: Sequence[Piece]) -> dict[date, list[Fate]]:
    found = store.ledger.accounts.fates(store.name, stream, span[0].start, span[-1].end)
    return {day: list(fates) for day, fates in groupby(found, key=lambda fate: fate.day)}
