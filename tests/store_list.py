"""A list of the store as a function: ties shuffled at each request, a last offset, filters as documented."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from commerce_events.sources.elasticpath.listing import Listing, Query, Row
from commerce_events.sources.elasticpath.paging import Portion
from commerce_events.sources.elasticpath.pieces import Piece

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
Document = dict[str, Any]


def stamp(second: int) -> str:
    return f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}"


def row(name: str, created: int, updated: int | None = None, **fields: object) -> Document:
    """Times in seconds after START."""
    times = {"created_at": stamp(created), "updated_at": stamp(created if updated is None else updated)}
    return {"id": name, "meta": {"timestamps": times}, **fields}


def names(portions: Iterable[Portion]) -> Counter[str]:
    return Counter(row.identity for portion in portions for row in portion.rows)


class StoreList:
    """`by_day`: time filters honour the day. `joker`: the database takes `_` and `%` for wildcards."""

    def __init__(
        self,
        rows: list[Document],
        *,
        seed: int = 0,
        by_day: bool = False,
        wall: int = 10_000,
        most: int = 100,
        joker: bool = False,
    ) -> None:
        self.rows = rows
        self.dice = Random(seed)
        self.by_day = by_day
        self.wall = wall
        self.most = most
        self.joker = joker
        self.garbled: set[str] = set()  # ids of documents with a broken text behind their head
        self.before_each: Callable[[], None] = lambda: None
        self.asked: list[tuple[str, int, int]] = []

    def __call__(self, query: Query) -> Listing:
        assert query.offset + query.limit <= self.wall
        self.before_each()
        self.asked.append((query.filter, query.offset, query.limit))
        bounds = dict(re.findall(r'ge\((\w+),"([^"]+)"\)', query.filter))
        ends = dict(re.findall(r'lt\((\w+),"([^"]+)"\)', query.filter))
        begins = re.findall(r'ilike\(email,"([^"]*)\*"\)', query.filter)
        rows = [one for one in self.rows if self._passes(one, bounds) and self._begins(one, begins)]
        rows = [one for one in rows if self._precedes(one, ends)]
        self.dice.shuffle(rows)
        by = query.sorting.attribute
        rows.sort(key=lambda one: _value(one, by), reverse=query.sorting.falling)
        page = rows[query.offset : query.offset + min(query.limit, self.most)]
        return Listing(tuple(Row.of(self._sent(one), by) for one in page), {}, len(rows), query, START)

    def _sent(self, one: Document) -> Piece:
        piece = Piece.of(one)
        return piece._replace(content=b'{"name":"\xff"}') if one["id"] in self.garbled else piece

    def touch(self, one: Document, second: int) -> None:
        one["meta"]["timestamps"]["updated_at"] = stamp(second)

    def _passes(self, one: Document, bounds: dict[str, str]) -> bool:
        times, length = one["meta"]["timestamps"], 10 if self.by_day else 20
        return all(times[name][:length] >= bound[:length] for name, bound in bounds.items())

    def _precedes(self, one: Document, ends: dict[str, str]) -> bool:
        times, length = one["meta"]["timestamps"], 10 if self.by_day else 20
        return all(times[name][:length] < end[:length] for name, end in ends.items())

    def _begins(self, one: Document, beginnings: list[str]) -> bool:
        email = str(one.get("email") or "").lower()
        return all(fnmatchcase(email, self._pattern(beginning)) for beginning in beginnings)

    def _pattern(self, beginning: str) -> str:
        plain = re.sub(r"([\[?])", r"[\1]", beginning)
        return (plain.replace("_", "?").replace("%", "*") if self.joker else plain) + "*"


def _value(one: Document, attribute: str) -> str:
    """Who has no e-mail address comes last."""
    if attribute == "email":
        return str(one.get("email") or "\U0010ffff")
    return str(one["meta"]["timestamps"][attribute])
