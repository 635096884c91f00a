"""Arrivals: what a destination took, held against what it says it received, and what became of it there.

Segment answers 200 before it looks at a message, and tells nobody about a single one; but it counts. Only
hours are judged that are so old that nothing of them is tried again.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from commerce_events.destinations.delivery_overview import Counted, DeliveryOverview, Stage
from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.found import Arrival, Shortfall, Tally
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.sent import Sent
from commerce_events.steps.both_sides import Books
from commerce_events.steps.called import names_in
from commerce_events.steps.far_end import HOUR, FarEnd, Span

log = logging.getLogger(__name__)

VANISHED = "vanished"  # our own word: Segment counts it nowhere
AT_RECEIVERS = (Stage.FILTERED, Stage.FAILED)


def reconcile_arrivals(
    ledger: Ledger,
    far_end: FarEnd,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    shortfall_share: float,
    run: str | None = None,
) -> Counter[str]:
    """Hold what the destination took from `start` on and before `end` against what it counted.

    Nothing is sent again: which messages are missing, nobody tells. Raises ConfigurationError where the write
    key leads nowhere, AttentionError where more than that share newly turns out not to have arrived.
    """
    overview = DeliveryOverview(far_end.api, far_end.source())
    span = Span.judged(start, end, now)
    if span.start >= span.end:
        return Counter()
    number = ledger.findings.begin("destination", far_end.destination, (start, end), run, now)
    found = Looking(ledger, far_end.destination, overview, span).look()
    news = ledger.findings.note_destination(
        number, found.arrivals, found.shortfalls, (span.start, span.end), now
    )
    lost = sum(each.missing + each.refused for each in found.arrivals)
    accepted = sum(each.accepted for each in found.arrivals)
    ledger.findings.finish(number, Tally(news, 0, lost, 0, found.says), now)
    outcome = Counter(accepted=accepted, not_arrived=lost, news=news, surplus=found.surplus)
    log.info("destination %s: %s", far_end.destination, dict(outcome))
    if news and lost > shortfall_share * accepted:
        raise AttentionError(
            f"{lost} of {accepted} messages that {far_end.destination} accepted did not arrive, {news} of "
            "them newly found: `commerce-events ledger accuracy` names them by message and hour"
        )
    return outcome


@dataclass(frozen=True, slots=True)
class Sight:
    """What was found."""

    arrivals: Sequence[Arrival]
    shortfalls: Sequence[Shortfall]
    surplus: int

    @property
    def says(self) -> str | None:
        """What else speaks under our messages' names could hide what is missing."""
        return f"{self.surplus} messages were counted that are not ours" if self.surplus else None


@dataclass(frozen=True, slots=True)
class Looking:
    """One look at one span."""

    ledger: Ledger
    destination: str
    overview: DeliveryOverview
    span: Span

    def look(self) -> Sight:
        # An hour more at both ends: what was sent at an edge may have been counted beyond it.
        wider = self.span.start - HOUR, self.span.end + HOUR
        names = names_in(self.ledger.departures.samples(self.destination, *wider))
        books, by_run = Books(names), bool(names.marked)
        sent = self.ledger.departures.between(self.destination, *wider)
        books.enter_sent(sent)
        books.enter_counted(self.overview.counts(Stage.RECEIVED, *wider, by_run=by_run))
        failed = list(self.overview.counts(Stage.FAILED_ON_INGEST, *wider, by_run=by_run))
        books.enter_counted(failed)
        filtered = list(self.overview.counts(Stage.FILTERED_AT_SOURCE, self.span.start, self.span.end))
        missing, surplus = books.missing()
        short = [
            *self._vanished(missing),
            *self._discarded(Stage.FAILED_ON_INGEST, failed, books),
            *self._discarded(Stage.FILTERED_AT_SOURCE, filtered, books),
        ]
        return Sight(self._arrivals(sent, short), [*short, *self._at_receivers(books)], surplus)

    def _vanished(self, missing: Counter[tuple[datetime, str, str]]) -> list[Shortfall]:
        """Of several runs in one hour the sum; the detail names them."""
        sums: Counter[tuple[datetime, str]] = Counter()
        runs: dict[tuple[datetime, str], list[str]] = {}
        for (hour, group, run), count in sorted(missing.items()):
            if self.span.holds(hour):
                sums[hour, group] += count
                runs.setdefault((hour, group), []).append(f"{run}: {count}" if run else "")
        return [
            Shortfall(
                self.destination,
                hour,
                group,
                "accepted",
                "",
                VANISHED,
                count,
                ", ".join(filter(None, runs[hour, group])) or None,
            )
            for (hour, group), count in sums.items()
        ]

    def _discarded(
        self, stage: Stage, counts: Iterable[Counted], books: Books, receiver: str = ""
    ) -> list[Shortfall]:
        sums: Counter[tuple[datetime, str, str]] = Counter()
        for each in counts:
            if books.group(each.message) is not None and self.span.holds(each.at):
                sums[each.at, each.message, each.reason] += each.count
        return [
            Shortfall(self.destination, hour, message, stage, receiver, reason, count)
            for (hour, message, reason), count in sums.items()
        ]

    def _at_receivers(self, books: Books) -> list[Shortfall]:
        found: list[Shortfall] = []
        for receiver in self.overview.receivers():
            for stage in AT_RECEIVERS:
                counts = self.overview.counts(stage, self.span.start, self.span.end, receiver=receiver)
                found += self._discarded(stage, counts, books, receiver.name)
        return found

    def _arrivals(self, sent: Sequence[Sent], short: Sequence[Shortfall]) -> list[Arrival]:
        """Every day of the span. A message is of the day in whose hours it was answered."""
        accepted: Counter[date] = Counter()
        for each in sent:
            if self.span.holds(each.last):
                accepted[each.last.date()] += each.count
        lost = {vanished: Counter[date]() for vanished in (True, False)}
        for one in short:
            lost[one.reason == VANISHED][one.hour.date()] += one.count
        return [
            Arrival(self.destination, day, accepted[day], lost[True][day], lost[False][day])
            for day in self.span.days
        ]
