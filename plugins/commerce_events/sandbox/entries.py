"""Orders as the store keeps them ready to send: serialised once per change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

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
    times = _at(held.document, "meta", "timestamps") or {}
    return Entry(
        id=str(held.document.get("id") or f"no-id-{number}"),
        number=number,
        created=_seconds(times.get("created_at"), now),
        updated=_seconds(times.get("updated_at"), now),
        body=_kept(held.document),
        items=tuple(map(_kept, held.items)),
        transactions=_kept(held.transactions),
    )


def _kept(value: object) -> bytes:
    """A copy of its own size: what orjson returns holds on to a buffer several times as large."""
    return bytes(memoryview(orjson.dumps(value)))


def _seconds(printed: object, now: datetime) -> int:
    try:
        return int(datetime.fromisoformat(str(printed)).timestamp())
    except ValueError:
        return int(now.timestamp())


ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "status": ("status",),
    "payment": ("payment",),
    "shipping": ("shipping",),
    "currency": ("meta", "display_price", "with_tax", "currency"),
    "with_tax": ("meta", "display_price", "with_tax", "amount"),
    "without_tax": ("meta", "display_price", "without_tax", "amount"),
    "name": ("customer", "name"),
    "email": ("customer", "email"),
    "contact.name": ("contact", "name"),
    "contact.email": ("contact", "email"),
    "customer_id": ("relationships", "customer", "data", "id"),
    "account_id": ("relationships", "account", "data", "id"),
    "account_member_id": ("relationships", "account_member", "data", "id"),
    "shipping_postcode": ("shipping_address", "postcode"),
    "billing_postcode": ("billing_address", "postcode"),
    "external_ref": ("external_ref",),
    "order_number": ("order_number",),
}


def values(entry: Entry, attribute: str) -> list[str]:
    """What an order holds under a filter's attribute; a product's attributes have one value per line."""
    if attribute in ("product_id", "product_sku"):
        name = attribute.removeprefix("product_") if attribute == "product_sku" else attribute
        return [str(line.get(name)) for line in entry.lines()]
    value = _at(entry.document(), *ATTRIBUTES[attribute])
    return [] if value is None else [str(value)]


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
