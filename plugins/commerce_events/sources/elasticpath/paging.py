"""Walking a list of the store without skipping a record, while records change and are added.

What changed is asked for by `updated_at >= start`, with no upper end: a record that changes meanwhile stays
in the result. What was created in a span may have an end, since that never changes. Orders are sorted by
`created_at`; customers by `updated_at` where changes are asked for, where one that changes moves on to the
end and is met there. Each request begins again at the second of the last row seen: an offset of 0 never
meets the store's limit of 10,000, no row that has left its place can make another one slip by, and ties,
whose order differs from request to request, are read again from their beginning.

Three things need offsets. A second with more rows than a page holds is read until all of them were met
(`_crowd`). A store whose filter honours only the day is paged within the day. A list without any filter by
time is read from its latest change down to `start`. There each page must show a row from before the second
it begins with (`Place.anchor`), which proves that nothing has moved up past the page.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from commerce_events.domain.errors import CommerceEventsError, ConfigurationError, TransientError
from commerce_events.sources.elasticpath.listing import Listing, Query, Row, Sorting
from commerce_events.sources.elasticpath.nodes import parse_moment, stamp
from commerce_events.sources.elasticpath.span import Span, first_of_day

Fetch = Callable[[Query], Listing]

# So many readings of a crowded second in a row must bring nothing new before it counts as read. Each misses
# about a third of what is left. The count alone proves nothing: a row that leaves the list during a reading
# (a lagging store hides what was just updated) lowers it, and moves another one up, unseen.
QUIET = 6


@dataclass(frozen=True, slots=True)
class Limits:
    page: int = 100
    wall: int = 10_000  # the store refuses to look beyond this offset
    passes: int = 60  # over one crowded second


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Course:
    """How a list is walked. `label` and `what` name it in messages; `within` is a filter that holds."""

    label: str
    what: str
    sorting: Sorting
    by_time: bool = True  # False: it cannot be filtered by time, and is read from the latest one down
    within: str = ""

    def by(self, span: Span) -> "Course":
        """Sorted so that a span which ends is walked from one end to the other."""
        if span.end is None:
            return self
        return replace(self, sorting=replace(self.sorting, attribute=span.attribute))


@dataclass(frozen=True, slots=True)
class Place:
    """Where to read next: from second `key` on, `offset` rows further.

    The page there must begin before `anchor`: else rows have moved up, and some would be jumped over.
    """

    key: datetime | None
    offset: int = 0
    anchor: datetime | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """What one request brought that was not handed out before, and the cursor that resumes behind it.

    `reach` is the offset at which the walk would end if it went through all that the store counts.
    """

    rows: tuple[Row, ...]
    items: Mapping[str, Any]
    served_at: datetime
    cursor: str
    reach: int = 0


class Walk:
    """One walk over all that `span` holds. Made for one use, in one thread."""

    def __init__(self, fetch: Fetch, span: Span, limits: Limits, course: Course) -> None:
        self._fetch = fetch
        self._span = span
        self._limits = limits
        self._course = course
        self._before = course.sorting.before
        self._exact = course.by_time  # the list's filter honours seconds, as far as we know
        self._handed_out: dict[str, Row] = {}

    def portions(self, after: str | None = None) -> Iterator[Portion]:
        """At least one; some may be without rows. A record comes again only if it has changed meanwhile."""
        place: Place | None = Place(self._resumed(after))
        while place is not None:
            listing = self._listing(place)
            if place.key is not None and self._ignores_time(listing, place.key):
                self._exact = False
                place = Place(first_of_day(place.key))
                continue
            yield self._portion(listing, listing.last_second or place.key)
            place = yield from self._next(listing, place)

    def _next(self, listing: Listing, place: Place) -> Generator[Portion, None, Place | None]:
        if self._is_over(listing):
            return None
        second = listing.last_second
        if second is None:  # not one row that tells its time
            return Place(place.key, listing.end)
        onward = self._onward(place, second, listing.first_of(second))
        if listing.seconds[0] == second or onward == replace(place, offset=listing.offset, anchor=second):
            return (yield from self._crowd(place if self._exact else onward, second))
        return onward

    def _is_over(self, listing: Listing) -> bool:
        """It also is where it shows what stands behind the span, on the way up or down."""
        return listing.ends or listing.passes(self._span)

    def _onward(self, place: Place, second: datetime, offset: int) -> Place:
        """To the second's first row: by the filter, or by its offset where no filter leads to it."""
        if self._exact:
            return Place(second)
        is_far = self._course.by_time and offset + self._limits.page > self._limits.wall
        if is_far and (place.key is None or first_of_day(second) > place.key):
            return Place(first_of_day(second))
        return Place(place.key, max(0, offset - 1), second)

    def _crowd(self, place: Place, second: datetime) -> Generator[Portion, None, Place | None]:
        """All rows of a second that fills more than a page; then the place behind it."""
        met: set[str] = set()
        quiet = 0
        for _ in range(self._limits.passes):
            known = len(met)
            size, onward = yield from self._pass(place, second, met)
            quiet = quiet + 1 if len(met) == known else 0
            if quiet >= QUIET and len(met) >= size:
                return onward
        raise TransientError(
            f"{self._course.label}: {self._limits.passes} readings of the second {stamp(second)} did not"
            f" bring all of its {self._course.what} ({len(met)} so far);"
            " the store sorts them differently each time"
        )

    def _pass(
        self, place: Place, second: datetime, met: set[str]
    ) -> Generator[Portion, None, tuple[int, Place | None]]:
        """One reading of the second: adds to `met`, returns how many rows it holds and what comes next."""
        first: int | None = None
        while True:
            listing = self._listing(place, second)
            yield self._portion(listing, second)
            for at, row in enumerate(listing.rows, listing.offset):
                if row.second is not None and self._before(second, row.second):
                    return at - (at if first is None else first), self._onward(place, row.second, at)
                if row.second == second or (row.second is None and first is not None):
                    first = at if first is None else first
                    met.add(row.identity)
            if listing.ends:
                return listing.end - (listing.end if first is None else first), None
            place = Place(place.key, listing.end)

    def _listing(self, place: Place, second: datetime | None = None) -> Listing:
        """The page at a place, or an earlier one if the rows have moved up since its offset was counted."""
        listing = self._page(place, second)
        while place.anchor and place.offset and not self._shows_before(listing, place.anchor):
            place = replace(place, offset=max(0, place.offset - self._limits.page // 2))
            listing = self._page(place, second)
        return listing

    def _shows_before(self, listing: Listing, anchor: datetime) -> bool:
        return any(self._before(second, anchor) for second in listing.seconds)

    def _page(self, place: Place, second: datetime | None) -> Listing:
        limit = min(self._limits.page, self._limits.wall - place.offset)
        if limit <= 0:
            raise self._too_many(place, second)
        listing = self._fetch(Query(self._filter(place.key), self._course.sorting, place.offset, limit))
        if not listing.rows and listing.total is not None and listing.total > place.offset:
            raise TransientError(
                f"{self._course.label}: Elastic Path answered an empty page and counts more"
                f" {self._course.what}"
            )
        if not listing.is_sorted:
            raise ConfigurationError(
                f"{self._course.label}: the store does not sort by {self._course.sorting} as asked"
            )
        return listing

    def _ignores_time(self, listing: Listing, key: datetime) -> bool:
        return self._exact and any(second < key for second in listing.seconds)

    def _filter(self, key: datetime | None) -> str:
        if not self._course.by_time:
            return self._course.within
        return self._span.filter(self._course.sorting.attribute, key)

    def _portion(self, listing: Listing, resume: datetime | None) -> Portion:
        fresh: dict[str, Row] = {}
        for row in listing.rows:
            if row.is_wanted(self._span) and row.is_newer_than(self._handed_out.get(row.identity)):
                self._handed_out[row.identity] = fresh[row.identity] = row
        self._forget(resume)
        cursor = self._cursor(resume)
        reach = listing.end if self._is_over(listing) else (listing.total or listing.end)
        return Portion(tuple(fresh.values()), listing.items, listing.served_at, cursor, reach)

    def _forget(self, resume: datetime | None) -> None:
        """Rows before the next request's beginning cannot come again, except pushed down by newer ones."""
        if resume is None or not self._course.by_time:
            return
        floor = resume if self._exact else first_of_day(resume)
        self._handed_out = {
            identity: row
            for identity, row in self._handed_out.items()
            if row.second is None or row.second >= floor
        }

    def _cursor(self, resume: datetime | None) -> str:
        """A list that is read from its latest change down has no place to resume at: the top has changed."""
        known = {self._course.sorting.attribute: stamp(resume)} if resume and self._course.by_time else {}
        return orjson.dumps(known).decode()

    def _resumed(self, after: str | None) -> datetime | None:
        """A cursor that cannot be read begins again from the start, which loses nothing."""
        try:
            said = orjson.loads(after) if after and self._course.by_time else None
        except orjson.JSONDecodeError:
            return None
        moment = parse_moment(said.get(self._course.sorting.attribute)) if isinstance(said, dict) else None
        return moment.replace(microsecond=0) if moment else None

    def _too_many(self, place: Place, second: datetime | None) -> CommerceEventsError:
        if not self._course.by_time:
            return TransientError(
                f"{self._course.label}: more {self._course.what} came than can be read at once"
            )
        what = f"the second {stamp(second)}" if second else "a result"
        if not self._exact and place.key is not None:
            what = f"the store filters {self._course.what} by day only, and {place.key:%Y-%m-%d}"
        passed_by = "a later `start` in commerce.toml" if self._span.end is None else "a span without it"
        return ConfigurationError(
            f"{self._course.label}: {what} has more {self._course.what} than the {self._limits.wall:,}"
            f" Elastic Path shows of one result; {passed_by} passes it"
        )
