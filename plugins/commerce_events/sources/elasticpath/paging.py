"""Walking the order list without skipping an order, while orders change and are added.

The list is filtered by `updated_at >= start` with no upper end: an order that changes meanwhile stays in the
result, so nothing behind it moves up and is jumped over. It is sorted by `created_at`, which never changes.
Each request begins again at the second of the last order seen: an offset of 0 never meets the store's limit
of 10,000, and ties, whose order differs from request to request, are read again from their beginning.

Two things need more: a second with more orders than a page holds is read by offset until all of them were
met (`_crowd`), and a store whose filter honours only the day is paged by offset within it (`_by_day`)
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from commerce_events.domain.errors import ConfigurationError, TransientError
from commerce_events.sources.elasticpath.listing import Listing, Row
from commerce_events.sources.elasticpath.nodes import parse_moment

Fetch = Callable[[str, int, int], Listing]  # filter, offset, limit

# So many readings of a crowded second in a row must bring nothing new before it counts as read. Each misses
# about a third of what is left. The count alone proves nothing: an order that leaves the list during a
# reading (a lagging store hides what was just updated) lowers it, and moves another one up, unseen.
QUIET = 6


@dataclass(frozen=True, slots=True)
class Limits:
    page: int = 100
    wall: int = 10_000  # the store refuses to look beyond this offset
    passes: int = 60  # over one crowded second


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Place:
    """Where to read next: from creation second `key` on, `offset` rows further.

    The page there must begin before `anchor`: else rows have moved up, and some would be jumped over.
    """

    key: datetime | None
    offset: int = 0
    anchor: datetime | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """What one request brought that was not handed out before, and the cursor that resumes behind it."""

    rows: tuple[Row, ...]
    items: Mapping[str, Any]
    served_at: datetime
    cursor: str


class Walk:
    """One walk over everything updated since `start`. Made for one use, in one thread."""

    def __init__(self, fetch: Fetch, start: datetime, limits: Limits) -> None:
        self._fetch = fetch
        self._start = start
        self._limits = limits
        self._by_day = False
        self._handed_out: dict[str, Row] = {}

    def portions(self, after: str | None) -> Iterator[Portion]:
        """At least one; some may be without rows. An order comes again only if it has changed meanwhile."""
        place: Place | None = Place(_resumed(after))
        while place is not None:
            listing = self._listing(place)
            if place.key is not None and self._ignores_time(listing, place.key):
                self._by_day = True
                place = Place(_day(place.key))
                continue
            yield self._portion(listing, listing.last_second or place.key)
            place = yield from self._next(listing, place)

    def _next(self, listing: Listing, place: Place) -> Generator[Portion, None, Place | None]:
        if listing.ends:
            return None
        second = listing.last_second
        if second is None:  # not one row that says when it was created
            return Place(place.key, listing.offset + len(listing.rows))
        onward = self._onward(place, second, listing.first_of(second))
        if listing.seconds[0] == second or onward == replace(place, offset=listing.offset, anchor=second):
            return (yield from self._crowd(onward if self._by_day else place, second))
        return onward

    def _onward(self, place: Place, second: datetime, offset: int) -> Place:
        """To the second's first row: by the filter, or by its offset where the filter knows only days."""
        if not self._by_day:
            return Place(second)
        if offset + self._limits.page > self._limits.wall and (place.key is None or _day(second) > place.key):
            return Place(_day(second))
        return Place(place.key, max(0, offset - 1), second)

    def _crowd(self, place: Place, second: datetime) -> Generator[Portion, None, Place | None]:
        """All orders of a second that fills more than a page; then the place behind it."""
        met: set[str] = set()
        quiet = 0
        for _ in range(self._limits.passes):
            known = len(met)
            size, onward = yield from self._pass(place, second, met)
            quiet = quiet + 1 if len(met) == known else 0
            if quiet >= QUIET and len(met) >= size:
                return onward
        raise TransientError(
            f"GET /v2/orders: {self._limits.passes} readings of the second {_text(second)} did not bring"
            f" all of its orders ({len(met)} so far); the store sorts them differently each time"
        )

    def _pass(
        self, place: Place, second: datetime, met: set[str]
    ) -> Generator[Portion, None, tuple[int, Place | None]]:
        """One reading of the second: adds to `met`, returns how many orders it holds and what comes next."""
        first: int | None = None
        while True:
            listing = self._listing(place, second)
            yield self._portion(listing, second)
            for at, row in enumerate(listing.rows, listing.offset):
                if row.second is not None and row.second > second:
                    return at - (at if first is None else first), self._onward(place, row.second, at)
                if row.second == second or (row.second is None and first is not None):
                    first = at if first is None else first
                    met.add(row.identity)
            end = listing.offset + len(listing.rows)
            if listing.ends:
                return end - (end if first is None else first), None
            place = Place(place.key, end)

    def _listing(self, place: Place, second: datetime | None = None) -> Listing:
        """The page at a place, or an earlier one if the rows have moved up since its offset was counted."""
        listing = self._page(place, second)
        while place.anchor and place.offset and not any(one < place.anchor for one in listing.seconds):
            place = replace(place, offset=max(0, place.offset - self._limits.page // 2))
            listing = self._page(place, second)
        return listing

    def _page(self, place: Place, second: datetime | None) -> Listing:
        limit = min(self._limits.page, self._limits.wall - place.offset)
        if limit <= 0:
            raise self._too_many(place, second)
        listing = self._fetch(self._filter(place.key), place.offset, limit)
        if not listing.rows and listing.total is not None and listing.total > place.offset:
            raise TransientError("GET /v2/orders: Elastic Path answered an empty page and counts more orders")
        if not listing.is_sorted:
            raise ConfigurationError("GET /v2/orders: the store does not sort by created_at as asked")
        return listing

    def _ignores_time(self, listing: Listing, key: datetime) -> bool:
        return not self._by_day and any(second < key for second in listing.seconds)

    def _filter(self, key: datetime | None) -> str:
        updated = f'ge(updated_at,"{_text(self._start)}")'
        return updated if key is None else f'{updated}:ge(created_at,"{_text(key)}")'

    def _portion(self, listing: Listing, resume: datetime | None) -> Portion:
        fresh: dict[str, Row] = {}
        for row in listing.rows:
            if self._is_wanted(row) and _is_newer(row, self._handed_out.get(row.identity)):
                self._handed_out[row.identity] = fresh[row.identity] = row
        self._forget(resume)
        cursor = orjson.dumps({"created_at": _text(resume) if resume else None}).decode()
        return Portion(tuple(fresh.values()), listing.items, listing.served_at, cursor)

    def _is_wanted(self, row: Row) -> bool:
        """A filter that knows only days returns what was updated earlier on the first one."""
        return row.updated_at is None or row.updated_at >= self._start

    def _forget(self, resume: datetime | None) -> None:
        """Rows before the next request's beginning cannot come again."""
        if resume is None:
            return
        floor = _day(resume) if self._by_day else resume
        self._handed_out = {
            identity: row
            for identity, row in self._handed_out.items()
            if row.second is None or row.second >= floor
        }

    def _too_many(self, place: Place, second: datetime | None) -> ConfigurationError:
        what = f"the second {_text(second)}" if second else "a result"
        if self._by_day and place.key is not None:
            what = f"the store filters orders by day only, and {place.key:%Y-%m-%d}"
        return ConfigurationError(
            f"GET /v2/orders: {what} has more orders than the {self._limits.wall:,} Elastic Path shows of one"
            " result; a later `start` in commerce.toml passes it"
        )


def _is_newer(row: Row, known: Row | None) -> bool:
    if known is None:
        return True
    return row.updated_at is not None and (known.updated_at is None or row.updated_at > known.updated_at)


def _resumed(after: str | None) -> datetime | None:
    """A cursor that cannot be read begins again from the start, which loses nothing."""
    try:
        said = orjson.loads(after) if after else None
    except orjson.JSONDecodeError:
        return None
    moment = parse_moment(said.get("created_at")) if isinstance(said, dict) else None
    return moment.replace(microsecond=0) if moment else None


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _text(moment: datetime) -> str:
    """Down to the full second: an earlier beginning is safe."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
