"""One list of people the store knows, customers or account members, and the ways to change it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import orjson

from commerce_events.sandbox.clock import StoreClock, restamp
from commerce_events.sandbox.entries import filed_id, filed_second, found, kept
from commerce_events.sandbox.filters import Filter
from commerce_events.sandbox.lists import Rules
from commerce_events.sandbox.shelf import Selection, Shelf
from commerce_events.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A snapshot; a change makes a new one. `created` and `updated` are whole seconds since the epoch."""

    id: str
    number: int
    created: int
    updated: int
    body: bytes
    addresses: tuple[bytes, ...] = ()

    def document(self) -> Json:
        document: Json = orjson.loads(self.body)
        return document

    def address_documents(self) -> list[Json]:
        return [orjson.loads(address) for address in self.addresses]


Change = Callable[[PersonRow | None, PersonRow | None], None]


class Register:
    """Thread-safe; every change takes the store's present time as its `updated_at`.

    `changed` is told what a row was and is.
    """

    def __init__(self, rules: Rules, clock: StoreClock, changed: Change) -> None:
        self._changed = changed
        self._paths = rules.paths
        self._clock = clock
        self._lock = RLock()
        self._number = 0
        self._shelf: Shelf[PersonRow] = Shelf(self._values, {name: self._key(name) for name in rules.paths})

    def rows(self) -> list[PersonRow]:
        with self._lock:
            return self._shelf.all()

    def get(self, person_id: str) -> PersonRow | None:
        with self._lock:
            return self._shelf.get(person_id)

    def known(self, person_id: str) -> PersonRow:
        row = self.get(person_id)
        if row is None:
            raise KeyError(person_id)
        return row

    def select(self, wanted: Filter, sort: str, asked: object) -> Selection[PersonRow]:
        with self._lock:
            return self._shelf.select(wanted, sort, asked)

    def put(self, document: Json, addresses: Sequence[Json] = ()) -> str:
        """A record as given, however broken; answers the key it is filed under."""
        with self._lock:
            self._number += 1
            return self._file(document, tuple(map(kept, addresses)), self._number)

    def change(self, person_id: str, change: Callable[[Json], None]) -> None:
        with self._lock:
            before = self.known(person_id)
            document = before.document()
            change(document)
            times = document["meta"]["timestamps"]
            times["updated_at"] = restamp(times["updated_at"], self._clock.now())
            self._file(document, before.addresses, before.number)

    def add_address(self, person_id: str, address: Json) -> None:
        """An address is a resource of its own: the customer's `updated_at` stays."""
        with self._lock:
            before = self.known(person_id)
            self._file(before.document(), (*before.addresses, kept(address)), before.number)

    def forget_addresses(self, person_id: str) -> None:
        with self._lock:
            before = self.known(person_id)
            self._file(before.document(), (), before.number)

    def remove(self, person_id: str) -> None:
        """Without a trace, as the store does it; an unknown id raises `KeyError`."""
        with self._lock:
            before = self._shelf.get(person_id)
            self._shelf.remove(person_id)
            self._changed(before, None)

    def _file(self, document: Json, addresses: tuple[bytes, ...], number: int) -> str:
        now = self._clock.now()
        row = PersonRow(
            id=filed_id(document, number),
            number=number,
            created=filed_second(document, "created_at", now),
            updated=filed_second(document, "updated_at", now),
            body=kept(document),
            addresses=addresses,
        )
        before = self._shelf.get(row.id)
        self._shelf.put(row)
        self._changed(before, row)
        return row.id

    def _values(self, row: PersonRow, attribute: str) -> list[str]:
        return found(row.document(), self._paths[attribute])

    def _key(self, name: str) -> Callable[[PersonRow], Any]:
        return lambda row: self._values(row, name)
