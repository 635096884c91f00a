"""Reading a list that cannot be filtered by time past the store's last offset: by the beginnings of e-mails.

A slice with more changes than can be seen from its top is split by the next character, after a census: all
that the slice holds must be in the smaller ones. Who is in none of them (no address, an unusual character)
is looked for at both ends of the list sorted by e-mail, and it is an error if somebody is not found.

A beginning is split only while more than the limit share it, so what is asked for points at nobody.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from commerce_events.domain.errors import ConfigurationError, TransientError
from commerce_events.sources.elasticpath.listing import Listing, Query, Row, Sorting
from commerce_events.sources.elasticpath.nodes import Node
from commerce_events.sources.elasticpath.paging import Course, Fetch, Limits, Portion, Walk
from commerce_events.sources.elasticpath.span import Span

# Common ones first: once a census is complete, no further one is asked for. A database may take the last two
# for wildcards. The filter itself takes *, " and \ in a sense of its own, so that they cannot be asked for.
CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789.-+@'!#$&/=?^`{|}~_%"

CENSUSES = 20  # so often a slice is counted, until nothing has changed meanwhile
SAMPLE = 20  # rows that show whether a slice holds only what it should


@dataclass(frozen=True, slots=True)
class Slices:
    """All that `span` holds, the latest first."""

    fetch: Fetch
    span: Span
    limits: Limits
    course: Course

    def portions(self) -> Iterator[Portion]:
        """At least one. A record comes again where slices meet, or if it has changed meanwhile."""
        return self._slice("")

    def _slice(self, beginning: str) -> Iterator[Portion]:
        course = replace(self.course, within=_filter(beginning))
        walk = Walk(self.fetch, self.span, self.limits, course).portions()
        first = next(walk)
        yield first
        if self._fits(first, course):
            yield from walk
        else:
            yield from self._split(beginning)

    def _fits(self, first: Portion, course: Course) -> bool:
        """Whether the walk comes to its end well before the store's last offset: lists grow meanwhile."""
        last = self.limits.wall - self.limits.wall // 20
        if first.reach <= last:
            return True
        return self.fetch(Query(course.within, course.sorting, last - 1, 1)).passes(self.span)

    def _split(self, beginning: str) -> Iterator[Portion]:
        smaller, missing = self._census(beginning)
        for one in smaller:
            yield from self._slice(one)
        if missing > 0:
            yield from self._strays(beginning, smaller, missing)

    def _census(self, beginning: str) -> tuple[Collection[str], int]:
        """The smaller slices that hold anyone, and how many are in none of them.

        It counts only if nothing has changed meanwhile: else who came could stand for who is missing.
        """
        for _ in range(CENSUSES):
            before = self._top(beginning)
            counts = self._counts(beginning, before.total or 0)
            after = self._top(beginning)
            if (before.total, before.seconds[:1]) == (after.total, after.seconds[:1]):
                return counts.keys(), (before.total or 0) - sum(counts.values())
        raise TransientError(f"{self.course.label}: {self.course.what} come and go too fast to be counted")

    def _counts(self, beginning: str, whole: int) -> dict[str, int]:
        counts: dict[str, int] = {}
        for character in CHARACTERS:
            if sum(counts.values()) >= whole:
                break
            if count := self._count(beginning + character):
                counts[beginning + character] = count
        return counts

    def _count(self, beginning: str) -> int:
        """None, where the store shows what does not begin so: it has read a character as a wildcard."""
        listing = self._top(beginning)
        fits = all(_email(row).startswith(beginning) for row in listing.rows)
        return (listing.total or 0) if fits else 0

    def _top(self, beginning: str) -> Listing:
        limit = min(SAMPLE, self.limits.page)
        return self.fetch(Query(_filter(beginning), self.course.sorting, 0, limit))

    def _strays(self, beginning: str, smaller: Collection[str], missing: int) -> Iterator[Portion]:
        found: set[str] = set()
        for listing in self._by_email(beginning):
            strays = [row for row in listing.rows if not _email(row).startswith(tuple(smaller))]
            fresh = tuple(row for row in strays if row.identity not in found and row.is_wanted(self.span))
            found.update(row.identity for row in strays)
            if fresh:
                yield Portion(fresh, listing.items, listing.served_at, cursor="{}")
            if len(found) >= missing:
                return
        if self._census(beginning)[1] > len(found):
            raise ConfigurationError(
                f"{self.course.label}: {missing - len(found)} {self.course.what} can be found by no"
                f" beginning of their e-mail address, and the store shows only {self.limits.wall:,} of one"
                " result; a later `start` in commerce.toml passes it"
            )

    def _by_email(self, beginning: str) -> Iterator[Listing]:
        """Both ends of the slice, as far as the store shows them. Pages overlap, since rows move up."""
        page, wall = self.limits.page, self.limits.wall
        for falling in (False, True):
            for offset in range(0, wall, max(1, page - page // 10)):
                query = Query(_filter(beginning), Sorting("email", falling), offset, min(page, wall - offset))
                listing = self.fetch(query)
                yield listing
                if listing.ends:
                    return


def _filter(beginning: str) -> str:
    return f'ilike(email,"{beginning}*")' if beginning else ""


def _email(row: Row) -> str:
    return Node(row.piece.head)["email"].text().casefold()
