"""What a walk is after: the records of a span of time, by their last change or by their creation."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from commerce_events.sources.elasticpath.nodes import stamp

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open. Only what never changes may have an end: else a record that changes meanwhile leaves the
    result, and another one takes its place unseen.
    """

    attribute: str
    start: datetime
    end: datetime | None = None

    @classmethod
    def changed_since(cls, start: datetime) -> "Span":
        return cls("updated_at", start)

    @classmethod
    def created_between(cls, start: datetime, end: datetime) -> "Span":
        return cls("created_at", start, end)

    def holds(self, moment: datetime | None) -> bool:
        """A record that does not tell its time is not left out."""
        return moment is None or (moment >= self.start and not self.is_behind(moment))

    def is_behind(self, moment: datetime) -> bool:
        return self.end is not None and moment >= self.end

    def filter(self, sorted_by: str, key: datetime | None) -> str:
        """From `key` on, by what the list is sorted by. A store may honour only the day of an end: what it
        shows of that day behind the end is dropped here.
        """
        bounds = {self.attribute: self.start} | ({sorted_by: key} if key else {})
        terms = [at_least(attribute, bound) for attribute, bound in bounds.items()]
        if self.end is not None:
            terms.append(before(self.attribute, _next_day(self.end)))
        return ":".join(terms)


def at_least(attribute: str, bound: datetime) -> str:
    return f'ge({attribute},"{stamp(bound)}")'


def before(attribute: str, bound: datetime) -> str:
    return f'lt({attribute},"{stamp(bound)}")'


def first_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_day(end: datetime) -> datetime:
    """The first midnight that is not before the end."""
    day = first_of_day(end)
    return day if day == end else day + DAY
