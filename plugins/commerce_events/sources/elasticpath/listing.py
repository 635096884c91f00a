"""One page of a list of the store, as far as paging needs to understand it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from commerce_events.sources.elasticpath.answers import Answer
from commerce_events.sources.elasticpath.nodes import Node, parse_moment
from commerce_events.sources.elasticpath.pieces import CutPage, Piece, Pieces
from commerce_events.sources.elasticpath.span import Span


@dataclass(frozen=True, slots=True)
class Sorting:
    """By what a list is sorted; `falling`: the latest, or last, first."""

    attribute: str
    falling: bool = False

    def __str__(self) -> str:
        return f"-{self.attribute}" if self.falling else self.attribute

    def before(self, one: datetime, other: datetime) -> bool:
        return one > other if self.falling else one < other


@dataclass(frozen=True, slots=True)
class Query:
    filter: str
    sorting: Sorting
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a list. Times are None where the record does not tell them readably."""

    piece: Piece
    identity: str
    second: datetime | None  # of the time the list is sorted by
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, piece: Piece, attribute: str) -> "Row":
        times = Node(piece.head).at("meta", "timestamps")
        created, updated = (parse_moment(times[name].value) for name in ("created_at", "updated_at"))
        sorted_by = {"created_at": created, "updated_at": updated}.get(attribute)
        second = sorted_by.replace(microsecond=0) if sorted_by else None
        return cls(piece, _identity(piece), second, created, updated)

    @property
    def document(self) -> Any:
        """Parsed anew each time. Raises ValueError where it is no JSON."""
        return self.piece.parsed()

    def is_wanted(self, span: Span) -> bool:
        """Lists show more than was asked for: whole days, or everything."""
        return span.holds(self.created_at if span.attribute == "created_at" else self.updated_at)

    def is_newer_than(self, known: "Row | None") -> bool:
        if known is None:
            return True
        if self.updated_at is None:
            return False
        return known.updated_at is None or self.updated_at > known.updated_at


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows from the query's offset on, and the items that came with them, by id.

    `total` counts all that the filter lets through, where the store says so.
    """

    rows: tuple[Row, ...]
    items: Mapping[str, Any]
    total: int | None
    query: Query
    served_at: datetime

    @classmethod
    def of(cls, answer: Answer, query: Query) -> "Listing":
        page: CutPage = answer.body
        return cls(
            rows=tuple(Row.of(piece, query.sorting.attribute) for piece in page.rows),
            items=Pieces(page.items),
            total=page.total,
            query=query,
            served_at=answer.served_at,
        )

    @property
    def offset(self) -> int:
        return self.query.offset

    @property
    def end(self) -> int:
        return self.offset + len(self.rows)

    @property
    def ends(self) -> bool:
        """A short page is the last one only if the count agrees: stores may hand out fewer than asked."""
        return len(self.rows) < self.query.limit and (self.total is None or self.end >= self.total)

    @property
    def seconds(self) -> list[datetime]:
        return [row.second for row in self.rows if row.second is not None]

    @property
    def last_second(self) -> datetime | None:
        return self.seconds[-1] if self.seconds else None

    @property
    def is_sorted(self) -> bool:
        return self.seconds == sorted(self.seconds, reverse=self.query.sorting.falling)

    def passes(self, span: Span) -> bool:
        """Whether a list sorted by the span's time has come to what stands behind the span: after its end,
        or before its start where the latest stands first.
        """
        if self.query.sorting.attribute != span.attribute:
            return False
        if self.query.sorting.falling:
            return any(second < span.start.replace(microsecond=0) for second in self.seconds)
        return any(span.is_behind(second) for second in self.seconds)

    def first_of(self, second: datetime) -> int:
        """The offset, in the whole result, of the first row of this second."""
        return self.offset + next(at for at, row in enumerate(self.rows) if row.second == second)


def by_id(included: Any) -> dict[str, Any]:
    items = Node(included)["items"].value
    return {Node(item).text_at("id"): item for item in items} if isinstance(items, list) else {}


def _identity(piece: Piece) -> str:
    identifier = Node(piece.head)["id"].value
    if isinstance(identifier, str) and identifier:
        return identifier
    return blake2b(piece.content, digest_size=16).hexdigest()
