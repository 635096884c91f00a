"""Capture what hints are about.

A hint says that something happened to a record, not what. So it may come late, twice, or in any order: each
record is read from the store once, whatever number of hints name it, and compared with what is known. A hint
ends only after that was recorded; where anything fails before, the next run does it again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice

from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import TransientError
from commerce_events.domain.hints import Fate, Waiting
from commerce_events.domain.records import Record, Reject
from commerce_events.ledger.inbox import Ended
from commerce_events.sources.source import NOT_FOUND
from commerce_events.steps.capture import ORDERS
from commerce_events.steps.deleted import capture_deleted
from commerce_events.steps.profiles import tell_profiles
from commerce_events.steps.readings import Found, Key, Readings
from commerce_events.steps.record import record_all
from commerce_events.steps.sift import About, sift
from commerce_events.steps.store import OpenStore

# Records read and recorded together; a run that is cut off has read so many in vain.
GROUP = 50

# A store's reads may lag its writes by a minute when busy. A hint that does not fit what the store shows
# waits that long; then it ends all the same, and the polls, which look twice, have the last word.
LAG = timedelta(minutes=2)


def capture_hinted(store: OpenStore, waiting: Sequence[Waiting]) -> Iterator[Counter[str]]:
    """Group by group: counts by how the hints ended and of what was recorded.

    Raises TransientError, after all else was tried, where records could not be read; their hints wait.
    """
    ended, about = sift(store, waiting)
    yield _end(store, ended)
    readings = Readings(store.source)
    unread: list[TransientError] = []
    for door in Door:
        met = {key: hints for key, hints in about.items() if hints[0].hint.door is door}
        for group in _groups(met):
            found = readings.read(group)
            unread += [each for each in found.values() if isinstance(each, TransientError)]
            yield _capture(replace(store, door=door), group, found) + tell_profiles(store)
    if unread:
        raise unread[0]


def _groups(about: About) -> Iterator[About]:
    each = iter(about.items())
    while group := dict(islice(each, GROUP)):
        yield group


def _capture(store: OpenStore, about: About, found: Mapping[Key, Found]) -> Counter[str]:
    """Record what was found, then end its hints: a crash in between does it again, harmlessly."""
    absent = {key for key, each in found.items() if isinstance(each, Reject) and each.reason == NOT_FOUND}
    gone = {key for key in absent if _is_final(store, about[key])}
    outcome: Counter[str] = Counter()
    for stream in dict.fromkeys(stream for stream, _ in about):
        here = [each for key, each in found.items() if key[0] == stream and key not in absent - gone]
        records = [each for each in here if isinstance(each, Record)]
        rejects = [each for each in here if isinstance(each, Reject)]
        if stream != ORDERS:  # a person who is gone can be told and erased; an order cannot be deleted
            rejects = [each for each in rejects if each.reason != NOT_FOUND]
            for _, record_id in (key for key in gone if key[0] == stream):
                outcome += capture_deleted(store, stream, record_id)
        outcome += record_all(store, stream, records, rejects, just_read=True)
    fates = [
        (one, _fate(store, one, found[key], key in gone)) for key, hints in about.items() for one in hints
    ]
    store.ledger.inbox.postpone([one.hint for one, fate in fates if fate is None])
    return outcome + _end(store, [fate for _, fate in fates if fate is not None])


def _is_final(store: OpenStore, hints: Sequence[Waiting]) -> bool:
    """Whether a record that the store does not have is gone, not yet to come."""
    return any(one.hint.tells_of_an_end for one in hints) or not any(_is_young(store, one) for one in hints)


def _fate(store: OpenStore, one: Waiting, found: Found, gone: bool) -> Ended | None:
    """None: the hint waits for the store to show what it tells of."""
    match found:
        case TransientError():
            return None
        case Reject() if found.reason != NOT_FOUND or (gone and one.hint.stream == ORDERS):
            return Ended(one.hint, Fate.REJECTED, found.reason)
        case Reject():
            return Ended(one.hint, Fate.CAPTURED) if gone else None
        case Record():
            shows = _shows(found, one) or not _is_young(store, one)
            return Ended(one.hint, Fate.CAPTURED) if shows else None


def _shows(record: Record, one: Waiting) -> bool:
    """Whether the store already shows what a hint tells of."""
    if one.hint.tells_of_an_end:
        return False
    return one.hint.source_at is None or one.hint.source_at <= record.updated_at


def _is_young(store: OpenStore, one: Waiting) -> bool:
    return store.clock() - one.received_at < LAG


def _end(store: OpenStore, ended: Sequence[Ended]) -> Counter[str]:
    if ended:
        store.ledger.inbox.end(ended, store.clock())
    return Counter(f"hints {each.fate}" for each in ended)
