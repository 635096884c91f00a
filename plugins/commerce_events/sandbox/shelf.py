"""The records of one list, indexed by both times, so that a page costs no walk over all of them."""

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from commerce_events.sandbox.filters import Filter, Span

KEPT_SELECTIONS = 8


class Row(Protocol):
    """A snapshot of one record; `number` makes index keys unique."""

    @property
    def id(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def created(self) -> int: ...
    @property
    def updated(self) -> int: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Selection(Generic[R]):
    """Rows in order, with the keys they are ordered by."""

    rows: Sequence[R]
    keys: Sequence[Any]

    def page(self, offset: int, limit: int, dice: Random | None) -> Sequence[R]:
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


def _shuffle_ties(rows: Sequence[R], keys: Sequence[Any], dice: Random) -> list[R]:
    shuffled: list[R] = []
    group: list[R] = []
    for place, row in enumerate(rows):
        if group and keys[place] != keys[place - 1]:
            dice.shuffle(group)
            shuffled += group
            group = []
        group.append(row)
    dice.shuffle(group)
    return shuffled + group


def _by_created(row: Row) -> tuple[int, int]:
    return row.created, row.number


def _by_updated(row: Row) -> tuple[int, int]:
    return row.updated, row.number


class Shelf(Generic[R]):
    """Not thread-safe: the store holds its lock around every call.

    `values` answers what a row holds under a filter's attribute; `sorts` are the keys besides the times.
    """

    def __init__(
        self, values: Callable[[R, str], list[str]], sorts: Mapping[str, Callable[[R], Any]]
    ) -> None:
        self._values = values
        self._sorts: Mapping[str, Callable[[R], Any]] = {
            "created_at": lambda row: row.created,
            "updated_at": lambda row: row.updated,
            **sorts,
        }
        self._rows: dict[str, R] = {}
        self._created: list[R] = []
        self._updated: list[R] = []
        self._selections: dict[object, Selection[R]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, row_id: str) -> R | None:
        return self._rows.get(row_id)

    def all(self) -> list[R]:
        """In order of insertion."""
        return list(self._rows.values())

    def put(self, row: R) -> None:
        if previous := self._rows.get(row.id):
            self._take_off(previous)
        self._rows[row.id] = row
        insort(self._created, row, key=_by_created)
        insort(self._updated, row, key=_by_updated)
        self._selections.clear()

    def remove(self, row_id: str) -> None:
        self._take_off(self._rows.pop(row_id))
        self._selections.clear()

    def _take_off(self, row: R) -> None:
        del self._created[bisect_left(self._created, _by_created(row), key=_by_created)]
        del self._updated[bisect_left(self._updated, _by_updated(row), key=_by_updated)]

    def select(self, wanted: Filter, sort: str, asked: object) -> Selection[R]:
        """`asked` names the question: the same one is answered from memory until something changes."""
        if asked not in self._selections:
            if len(self._selections) >= KEPT_SELECTIONS:
                self._selections.clear()
            self._selections[asked] = self._select(wanted, sort)
        return self._selections[asked]

    def _select(self, wanted: Filter, sort: str) -> Selection[R]:
        created = _slice(self._created, wanted.created, lambda row: row.created)
        updated = _slice(self._updated, wanted.updated, lambda row: row.updated)
        if len(created) <= len(updated):
            low, high = wanted.updated.low, wanted.updated.high
            rows = [row for row in created if low <= row.updated < high]
        else:
            low, high = wanted.created.low, wanted.created.high
            rows = [row for row in updated if low <= row.created < high]
        for attribute, test in wanted.tests:
            rows = [row for row in rows if test(self._values(row, attribute))]
        key = self._sorts[sort.removeprefix("-")]
        rows.sort(key=key, reverse=sort.startswith("-"))
        return Selection(rows, [key(row) for row in rows])


def _slice(index: list[R], span: Span, key: Callable[[R], int]) -> list[R]:
    return index[bisect_left(index, span.low, key=key) : bisect_left(index, span.high, key=key)]
