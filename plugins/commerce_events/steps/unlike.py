"""Which records differ, id by id: where counting has told that some do, or cannot tell."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from commerce_events.domain.records import Reject
from commerce_events.ledger.accounts import Fate
from commerce_events.ledger.entries import KnownStates, Seen
from commerce_events.sources.source import NOT_FOUND
from commerce_events.steps.days import Piece
from commerce_events.steps.deleted import DELETED
from commerce_events.steps.store import OpenStore
from commerce_events.steps.verification import Day, Fault, Gap

# What is captured between two looks at the ledger does not add up; the next try has seen it.
TRIES = 3

STATES_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Look:
    """One record as the store lists it."""

    day: date
    updated_at: datetime
    digest: bytes

    def is_news(self, seen: Seen) -> bool:
        """Of an erased person's record no content is kept to compare with."""
        known = seen.state
        if self.updated_at != known.updated_at or seen.erased:
            return self.updated_at > known.updated_at
        return self.digest != known.digest


@dataclass(slots=True)
class Comparison:
    """A span compared once. Of what changed after `settled` nobody needs to know yet."""

    store: OpenStore
    stream: str
    span: Sequence[Piece]
    settled: datetime
    present: Counter[date] = field(default_factory=Counter)  # in the store
    rejects: Counter[date] = field(default_factory=Counter)
    coming: Counter[date] = field(default_factory=Counter)
    deleted: Counter[date] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)

    def days(self) -> list[Day]:
        looks, rejects = _listed(self.store, self.stream, self.span)
        ledger, key = self.store.ledger, (self.store.name, self.stream)
        known = ledger.accounts.ids(*key, *_ends(self.span))
        states = _states(self.store, self.stream, {*looks, *known})  # after the listing
        unread = frozenset(ledger.rejects.open_ids(*key))
        for record_id, look in looks.items():
            self._judge(record_id, look, states.get(record_id), unread)
        self._judge_rejects(rejects, known, unread)
        listed = {*looks, *(reject.record_id for reject in rejects)}
        for record_id in known.keys() - listed:
            self._judge_absent(record_id, known[record_id], states[record_id])
        fates = ledger.accounts.fates(*key, *_ends(self.span))
        return [self._day(piece.start.date(), fates) for piece in self.span]

    def _judge(self, record_id: str, look: Look, seen: Seen | None, unread: Collection[str]) -> None:
        fresh = look.updated_at > self.settled
        self.present[look.day] += 1
        if seen is None and record_id in unread:
            self.rejects[look.day] += 1
        elif seen is None and fresh:
            self.coming[look.day] += 1
        elif seen is None:
            self.gaps.append(Gap(look.day, record_id, Fault.MISSING))
        elif look.is_news(seen) and not fresh:
            self.gaps.append(Gap(look.day, record_id, Fault.BEHIND))

    def _judge_rejects(
        self, rejects: Sequence[Reject], known: Collection[str], unread: Collection[str]
    ) -> None:
        """What cannot be read does not always tell its day: the first one stands for it."""
        day = self.span[0].start.date()
        nameless = [each for each in rejects if each.record_id is None]
        unkept = self.store.ledger.rejects.unkept(self.store.name, self.stream, nameless)
        for each in rejects:
            self.present[day] += 1
            kept = each.record_id in unread or (each.record_id is None and each not in unkept)
            self.rejects[day] += kept and each.record_id not in known
            if not kept:
                fault = Fault.BEHIND if each.record_id in known else Fault.UNREADABLE
                self.gaps.append(Gap(day, each.record_id or "", fault))

    def _judge_absent(self, record_id: str, day: date, seen: Seen) -> None:
        """It is gone only if the store does not have it when asked for it alone: lists lag."""
        if seen.erased or seen.state.digest == DELETED:
            self.deleted[day] += 1
            return
        read = self.store.source.read(self.stream, record_id)
        if isinstance(read, Reject) and read.reason == NOT_FOUND:
            self.gaps.append(Gap(day, record_id, Fault.GONE))
        else:
            self.present[day] += 1

    def _day(self, day: date, fates: Sequence[Fate]) -> Day:
        return Day(
            day=day,
            store=self.present[day],
            fates=[fate for fate in fates if fate.day == day],
            rejects=self.rejects[day],
            coming=self.coming[day],
            deleted=self.deleted[day],
            gaps=sorted((gap for gap in self.gaps if gap.day == day), key=lambda gap: gap.record_id),
            listed=True,
        )


def compared(store: OpenStore, stream: str, span: Sequence[Piece], settle: timedelta) -> list[Day]:
    """Pieces of time that follow each other, listed at once; every difference is named by its id."""
    days: list[Day] = []
    for _ in range(TRIES):
        days = Comparison(store, stream, span, store.clock() - settle).days()
        if all(day.adds_up for day in days):
            break
    return days


def _ends(span: Sequence[Piece]) -> tuple[datetime, datetime]:
    return span[0].start, span[-1].end


def _listed(
    store: OpenStore, stream: str, span: Sequence[Piece]
) -> tuple[Mapping[str, Look], Sequence[Reject]]:
    """Each record once, as it was met last."""
    looks: dict[str, Look] = {}
    rejects: dict[tuple[str | None, bytes], Reject] = {}
    for page in store.source.created_between(*_ends(span), stream):
        looks |= {one.id: Look(one.created_at.date(), one.updated_at, one.digest) for one in page.records}
        rejects |= {(each.record_id, b"" if each.record_id else each.body): each for each in page.rejects}
    return looks, [each for each in rejects.values() if each.record_id not in looks]


def _states(store: OpenStore, stream: str, ids: Collection[str]) -> KnownStates:
    left, states = sorted(ids), dict[str, Seen]()
    for place in range(0, len(left), STATES_AT_ONCE):
        some = left[place : place + STATES_AT_ONCE]
        states |= store.ledger.records.states(store.name, stream, some)
    return states
