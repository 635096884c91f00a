"""Rehearse: a backfill without its last step. All is read, judged, rendered and checked as it would be, and
then nothing is recorded and nothing sent: there is no destination here to send to.

What the ledger would learn on the way is not known on the next page: whether an order is somebody's first,
what they agreed to as a customer, which ids of theirs would be joined.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil
from random import Random

from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import REOPENABLE
from commerce_events.domain.plans import Plan, PlanWindow
from commerce_events.domain.records import Record, Reject
from commerce_events.ledger.entries import Entry
from commerce_events.steps.backfill import ORDERS, Listener, nobody, opened_for
from commerce_events.steps.complete import prepared
from commerce_events.steps.gather import Complete
from commerce_events.steps.introductions import strangers
from commerce_events.steps.preview import preview
from commerce_events.steps.record import judged, news_of
from commerce_events.steps.rehearsal import Fate, News, Rehearsal
from commerce_events.steps.store import OpenStore

# So many orders that were told before are rendered again and compared, over the whole plan.
SAMPLE = 50

# What a backfill's messages carry beside what they tell.
MARKS = ("$.context.backfill", "$.integrations")


def rehearse(store: OpenStore, plan: Plan, *, sample: int = SAMPLE, told: Listener = nobody) -> Rehearsal:
    """What applying this plan would do now. Costs the store the same requests, and `sample` orders more.

    `store` must be opened on a ledger that only reads; ValueError else.
    """
    if not store.ledger.reads_only:
        raise ValueError("a rehearsal needs a ledger that was opened with reads_only")
    rehearsing = Rehearsing(opened_for(store, plan), ceil(sample / max(1, len(plan.windows))))
    for window in plan.windows:
        rehearsing.window(window, told)
    return rehearsing.found


@dataclass(slots=True)
class Rehearsing:
    """`introduced` are people that were met on the way, by stream and id."""

    store: OpenStore
    sample: int
    found: Rehearsal = field(default_factory=Rehearsal)
    introduced: set[tuple[str, str]] = field(default_factory=set)

    def window(self, window: PlanWindow, told: Listener) -> None:
        met = Sample(self.sample, Random(window.number))
        pages = self.store.source.created_between(window.start, window.end, window.stream)
        for coming in prepared(self.store, window.stream, pages):
            page = coming.page
            self.found.records += len(page.records) + len(page.rejects)
            self._reject(page.rejects)
            met.offer(self._records(window.stream, page.records, dict(coming.complete)))
            told(window, len(page.records) + len(page.rejects))
        if window.stream == ORDERS:
            self._compare(met.ids)

    def _records(self, stream: str, records: Sequence[Record], complete: Complete) -> list[str]:
        """Returns the ids of those that are known."""
        if stream != ORDERS:
            records = [record for record in records if (stream, record.id) not in self.introduced]
            self.introduced |= {(stream, record.id) for record in records}
        news = news_of(self.store, stream, records, complete)
        self._reject(news.unreadable)
        for name, people in strangers(self.store, news.records, self.introduced).items():
            self._records(name, people, {})
        self._count(stream, judged(self.store, news), list(news.seen))
        return list(news.seen)

    def _count(self, stream: str, entries: Iterable[Entry], known: Sequence[str]) -> None:
        told = [one for entry in entries for one in entry.told]
        standing = self.store.ledger.accounts.standing({one.event_id for one in told})
        left = self.store.ledger.accounts.told(self.store.name, stream, known) if known else Counter()
        for event, kind, owed in [(one.event_id, one.fact.kind, owed) for one in told for owed in one.owed]:
            row, name = standing.get((event, owed.destination)), (owed.destination, kind)
            if row is None:
                self._fate(name, News.NEW, (owed.status, owed.reason or ""))
            elif _opens(row) and owed.status is not Status.FILTERED:
                self._fate(name, News.AGAIN, (owed.status, owed.reason or ""))
                left[(*name, row[0], row[1] or "")] -= 1
        for known_as, count in (+left).items():
            self._fate(known_as[:2], News.KNOWN, known_as[2:], count)

    def _fate(self, name: tuple[str, str], news: News, end: tuple[str, str], count: int = 1) -> None:
        self.found.fates[Fate(*name, news, *end)] += count

    def _reject(self, rejects: Iterable[Reject]) -> None:
        self.found.rejects.update(each.reason for each in rejects)

    def _compare(self, ids: Iterable[str]) -> None:
        for record_id in ids:
            seen = preview(self.store, ORDERS, record_id)
            found = [one for line in seen.lines for one in line.differences if not one.path.startswith(MARKS)]
            self.found.compared += 1
            self.found.note(record_id, found)


@dataclass(slots=True)
class Sample:
    """Some of all that were offered, each as likely as the next."""

    size: int
    dice: Random
    ids: list[str] = field(default_factory=list)
    seen: int = 0

    def offer(self, ids: Iterable[str]) -> None:
        for each in ids:
            self.seen += 1
            if len(self.ids) < self.size:
                self.ids.append(each)
            elif (place := self.dice.randrange(self.seen)) < self.size:
                self.ids[place] = each


def _opens(row: tuple[str, str | None]) -> bool:
    status, reason = row
    return status == Status.FILTERED and reason in REOPENABLE
