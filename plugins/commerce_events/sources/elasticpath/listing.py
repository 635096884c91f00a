"""One page of the store's order list, as far as paging needs to understand it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from commerce_events.sources.elasticpath.nodes import Node, parse_moment

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One order of the list. Times are None where the order does not tell them readably."""

    document: Any
    identity: str
    second: datetime | None  # of its creation
    updated_at: datetime | None

    @classmethod
    def of(cls, document: Any) -> "Row":
        times = Node(document)["meta"]["timestamps"]
        created = parse_moment(times["created_at"].value)
        second = created.replace(microsecond=0) if created else None
        return cls(document, _identity(document), second, parse_moment(times["updated_at"].value))


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows from `offset` on, and the items that came with them, by id.

    `total` counts all that the filter lets through, where the store says so.
    """

    rows: tuple[Row, ...]
    items: Mapping[str, Any]
    total: int | None
    offset: int
    limit: int
    served_at: datetime

    @property
    def ends(self) -> bool:
        """A short page is the last one only if the count agrees: stores may hand out fewer than asked."""
        told = self.offset + len(self.rows)
        return len(self.rows) < self.limit and (self.total is None or told >= self.total)

    @property
    def seconds(self) -> list[datetime]:
        return [row.second for row in self.rows if row.second is not None]

    @property
    def last_second(self) -> datetime | None:
        return self.seconds[-1] if self.seconds else None

    @property
    def is_sorted(self) -> bool:
        return self.seconds == sorted(self.seconds)

    def first_of(self, second: datetime) -> int:
        """The offset, in the whole result, of the first row created in this second."""
        return self.offset + next(at for at, row in enumerate(self.rows) if row.second == second)


def _identity(document: Any) -> str:
    identifier = Node(document)["id"].value
    if isinstance(identifier, str) and identifier:
        return identifier
    return blake2b(repr(document).encode(), digest_size=16).hexdigest()
