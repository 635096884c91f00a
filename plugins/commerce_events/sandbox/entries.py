"""Orders as the store keeps them ready to send: serialised once per change."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from commerce_events.sandbox.lists import ORDERS, Path
from commerce_events.sandbox.orders import Held
from commerce_events.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class Entry:
    """A snapshot; a change makes a new one. `created` and `updated` are whole seconds since the epoch."""

    id: str
    number: int  # order of insertion; makes index keys unique
    created: int
    updated: int
    body: bytes
    items: tuple[bytes, ...]
    transactions: bytes

    def document(self) -> Json:
        document: Json = orjson.loads(self.body)
        return document

    def lines(self) -> list[Json]:
        return [orjson.loads(item) for item in self.items]

    def held(self) -> Held:
        return Held(self.document(), self.lines(), orjson.loads(self.transactions))


def entry(held: Held, number: int, now: datetime) -> Entry:
    """A record without times is filed under `now`, one without an id under its number."""
    return Entry(
        id=filed_id(held.document, number),
        number=number,
        created=filed_second(held.document, "created_at", now),
        updated=filed_second(held.document, "updated_at", now),
        body=kept(held.document),
        items=tuple(map(kept, held.items)),
        transactions=kept(held.transactions),
    )


def filed_id(document: Json, number: int) -> str:
    return str(document.get("id") or f"no-id-{number}")


def filed_second(document: Json, name: str, now: datetime) -> int:
    try:
        return int(datetime.fromisoformat(str(_at(document, "meta", "timestamps", name))).timestamp())
    except ValueError:
        return int(now.timestamp())


def kept(value: object) -> bytes:
    """A copy of its own size: what orjson returns holds on to a buffer several times as large."""
    return bytes(memoryview(orjson.dumps(value)))


def values(entry: Entry, attribute: str) -> list[str]:
    """What an order holds under a filter's attribute; a product's attributes have one value per line."""
    if attribute in ("product_id", "product_sku"):
        name = attribute.removeprefix("product_") if attribute == "product_sku" else attribute
        return [str(line.get(name)) for line in entry.lines()]
    return found(entry.document(), ORDERS.paths[attribute])


SORTS: dict[str, Callable[[Entry], object]] = {
    "payment": lambda entry: values(entry, "payment"),
    "shipping": lambda entry: values(entry, "shipping"),
    "status": lambda entry: values(entry, "status"),
    "with_tax": lambda entry: int(values(entry, "with_tax")[0]),
}


def found(document: Json, path: Path) -> list[str]:
    value = _at(document, *path)
    return [] if value is None else [str(value)]


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
