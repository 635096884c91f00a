"""The store's orders, indexed by both times, so that a page costs no walk over all of them."""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from commerce_events.sandbox.entries import Entry, values
from commerce_events.sandbox.filters import Filter, Span

KEPT_SELECTIONS = 8
SORTS: dict[str, Callable[[Entry], Any]] = {
    "created_at": lambda entry: entry.created,
    "updated_at": lambda entry: entry.updated,
    "payment": lambda entry: values(entry, "payment"),
    "shipping": lambda entry: values(entry, "shipping"),
    "status": lambda entry: values(entry, "status"),
    "with_tax": lambda entry: int(values(entry, "with_tax")[0]),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows in order, with the keys they are ordered by."""

    rows: Sequence[Entry]
    keys: Sequence[Any]

    def page(self, offset: int, limit: int, dice: Random | None) -> Sequence[Entry]:
        """With `dice`, rows of equal keys come in another order each time: nothing promises one."""
        end = min(offset + limit, len(self.rows))
        if offset >= end or dice is None:
            return self.rows[offset:end]
        first, last = offset, end
        while first and self.keys[first - 1] == self.keys[offset]:
            first -= 1
        while last < len(self.keys) and self.keys[last] == self.keys[end - 1]:
            last += 1
        return _shuffle_ties(self.rows[first:last], self.keys[first:last], dice)[offset - first : end - first]


def _shuffle_ties(rows: Sequence[Entry], keys: Sequence[Any], dice: Random) -> list[Entry]:
    shuffled: list[Entry] = []
    group: list[Entry] = []
    for place, row in enumerate(rows):
        if group and keys[place] != keys[place - 1]:
            dice.shuffle(group)
            shuffled += group
            group = []
        group.append(row)
    dice.shuffle(group)
    return shuffled + group


def _by_created(entry: Entry) -> tuple[int, int]:
    return entry.created, entry.number


def _by_updated(entry: Entry) -> tuple[int, int]:
    return entry.updated, entry.number


class Shelf:
    """Not thread-safe: the store holds its lock around every call."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._created: list[Entry] = []
        self._updated: list[Entry] = []
        self._selections: dict[object, Selection] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, order_id: str) -> Entry | None:
        return self._entries.get(order_id)

    def all(self) -> list[Entry]:
        """In order of insertion."""
        return list(self._entries.values())

    def put(self, entry: Entry) -> None:
        if previous := self._entries.get(entry.id):
            del self._created[bisect_left(self._created, _by_created(previous), key=_by_created)]
            del self._updated[bisect_left(self._updated, _by_updated(previous), key=_by_updated)]
        self._entries[entry.id] = entry
        insort(self._created, entry, key=_by_created)
        insort(self._updated, entry, key=_by_updated)
        self._selections.clear()

    def select(self, wanted: Filter, sort: str, asked: object) -> Selection:
        """`asked` names the question: the same one is answered from memory until something changes."""
        if asked not in self._selections:
            if len(self._selections) >= KEPT_SELECTIONS:
                self._selections.clear()
            self._selections[asked] = self._select(wanted, sort)
        return self._selections[asked]

    def _select(self, wanted: Filter, sort: str) -> Selection:
        created = _slice(self._created, wanted.created, lambda entry: entry.created)
        updated = _slice(self._updated, wanted.updated, lambda entry: entry.updated)
        if len(created) <= len(updated):
            low, high = wanted.updated.low, wanted.updated.high
            rows = [entry for entry in created if low <= entry.updated < high]
        else:
            low, high = wanted.created.low, wanted.created.high
            rows = [entry for entry in updated if low <= entry.created < high]
        for attribute, test in wanted.tests:
            rows = [entry for entry in rows if any(map(test, values(entry, attribute)))]
        key = SORTS[sort.removeprefix("-")]
        rows.sort(key=key, reverse=sort.startswith("-"))
        return Selection(rows, [key(entry) for entry in rows])


def _slice(index: list[Entry], span: Span, key: Callable[[Entry], int]) -> list[Entry]:
    return index[bisect_left(index, span.low, key=key) : bisect_left(index, span.high, key=key)]
