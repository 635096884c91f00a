"""Reconcile: hold the ledger against the store, heal what differs, and write down how it stands.

Verify says what differs. Here it is captured again, looked at again, and kept as rows: a figure for each day,
and each record that differed with what was done about it.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.found import Figure, Gap, State, Tally
from commerce_events.steps.capture import ORDERS
from commerce_events.steps.days import DAY
from commerce_events.steps.recapture import recapture
from commerce_events.steps.restore import restore_lost
from commerce_events.steps.store import OpenStore
from commerce_events.steps.verification import Day, Fault, Verification
from commerce_events.steps.verification import Gap as Difference
from commerce_events.steps.verify import SETTLE, verify

log = logging.getLogger(__name__)

HEALED_BY_READING = frozenset({Fault.MISSING, Fault.BEHIND, Fault.UNREADABLE})

# Each costs two requests. Whoever has more to heal is better served by a backfill; the rest stays open.
MOST_READ = 5_000


def reconcile(
    store: OpenStore,
    stream: str,
    start: datetime,
    end: datetime,
    *,
    open_gaps: int = 0,
    listing: bool = True,
) -> Counter[str]:
    """Records created from `start` on and before `end`, as far as capture must have seen them.

    Safe to run again, and beside captures. Raises AttentionError when more than `open_gaps` still differ.
    Without `listing` nothing is done for a store that cannot count the stream, and must list all of it.
    """
    ledger, now = store.ledger, store.clock()
    watermark = ledger.scans.watermark(store.name, stream)
    if watermark is None or not ledger.scans.is_complete(store.name, stream):
        log.info("store %s, %s: the first capture has not ended, nothing is due yet", store.name, stream)
        return Counter()
    if not listing and store.source.count(stream, now - DAY, now) is None:
        return Counter()
    asked, settle = (start, end), max(SETTLE, now - watermark)
    start = max(start, store.settings.start)
    number = ledger.findings.begin("store", f"{store.name}/{stream}", asked, store.run, now)
    before = verify(store, stream, start, end, settle=settle)
    _heal(store, stream, before.gaps)
    after = _looked_at_again(store, stream, before, settle)
    lost = restore_lost(store, stream, start, min(end, now - settle))
    gaps = [*_gaps(store, stream, before, after), *lost]
    news = ledger.findings.note_days(number, _figures(store, stream, after, gaps), gaps, now)
    counts = Counter(gap.state for gap in gaps)
    tally = Tally(news, counts[State.HEALED], counts[State.NOTED], counts[State.OPEN])
    ledger.findings.finish(number, tally, store.clock())
    outcome = _outcome(after, news, counts)
    log.info("store %s, %s: %s", store.name, stream, dict(outcome))
    if counts[State.OPEN] > open_gaps:
        raise AttentionError(
            f"{counts[State.OPEN]} records of store {store.name}, {stream}, still differ from the ledger: "
            "`commerce-events ledger accuracy` names them"
        )
    return outcome


def _heal(store: OpenStore, stream: str, differences: Iterable[Difference]) -> None:
    """Read again what is missing or behind. Lists show no deletion: customers who are gone are told here."""
    wanted = HEALED_BY_READING | (frozenset() if stream == ORDERS else {Fault.GONE})
    ids = [each.record_id for each in differences if each.fault in wanted and each.record_id]
    recapture(store, stream, ids[:MOST_READ])


def _looked_at_again(
    store: OpenStore, stream: str, before: Verification, settle: timedelta
) -> Mapping[date, Day]:
    """The days as they are now; those with differences are verified once more."""
    days = {day.day: day for day in before.days}
    for day in [each.day for each in before.days if each.gaps]:
        begun = datetime(day.year, day.month, day.day, tzinfo=UTC)
        span = max(begun, before.start), min(begun + DAY, before.end)
        days |= {each.day: each for each in verify(store, stream, *span, settle=settle).days}
    return days


def _gaps(store: OpenStore, stream: str, before: Verification, after: Mapping[date, Day]) -> list[Gap]:
    left = {(gap.record_id, gap.fault): gap for day in after.values() for gap in day.gaps}
    found = {(gap.record_id, gap.fault): gap for gap in before.gaps} | left
    return [
        Gap(store.name, stream, gap.record_id, gap.fault, gap.day, _state(key, gap, left))
        for key, gap in found.items()
    ]


def _state(key: tuple[str, Fault], gap: Difference, left: Mapping[tuple[str, Fault], Difference]) -> State:
    if gap.fault is Fault.GONE:
        return State.NOTED
    return State.OPEN if key in left else State.HEALED


def _figures(store: OpenStore, stream: str, days: Mapping[date, Day], gaps: Sequence[Gap]) -> list[Figure]:
    """What is so new that nobody can miss it yet is left out on both sides."""
    by_state = {
        state: Counter(day for day, _ in {(gap.day, gap.record_id) for gap in gaps if gap.state == state})
        for state in State
    }
    return [
        Figure(
            store.name,
            stream,
            day.day,
            in_store=due,
            accounted=due - by_state[State.OPEN][day.day],
            healed=by_state[State.HEALED][day.day],
        )
        for day in days.values()
        if (due := day.store - day.coming) or day.gaps or by_state[State.HEALED][day.day]
    ]


def _outcome(days: Mapping[date, Day], news: int, counts: Mapping[State, int]) -> Counter[str]:
    due = sum(day.store - day.coming for day in days.values())
    return Counter({"records": due, "news": news, **{str(state): counts[state] for state in State}})
