"""Who bought, for the key `commerce.customer` of an order; empty where it is anonymised."""

from collections.abc import Mapping
from typing import Any

from commerce_events.domain.records import Order
from commerce_events.templates.wording import known

# Our names, and those a store's own address may use for the same.
_ADDRESS = {
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "company": ("company", "company_name"),
    "city": ("city",),
    "state": ("state", "region", "county"),
    "postal_code": ("postal_code", "postcode"),
    "country": ("country",),
}


def customer(order: Order) -> dict[str, Any]:
    if order.anonymised:
        return {}
    billing, shipping = address_parts(order.billing_address), address_parts(order.shipping_address)
    return known(
        {
            "name": order.buyer.name,
            **_names(order.buyer.name, billing, shipping),
            "email": order.buyer.email,
            "phone": order.buyer.phone,
            "billing_address": billing,
            "shipping_address": shipping,
        }
    )


def _names(name: str | None, *addresses: Mapping[str, str]) -> dict[str, str | None]:
    """The names as typed into an address; else the full name, cut at its first space."""
    for address in addresses:
        if "first_name" in address or "last_name" in address:
            return {part: address.get(part) for part in ("first_name", "last_name")}
    first, _, last = (name or "").strip().partition(" ")
    return {"first_name": first, "last_name": last.strip()}


def address_parts(given: Mapping[str, str]) -> dict[str, Any]:
    """Street lines become one street."""
    street = given.get("street") or ", ".join(filter(None, (given.get("line_1"), given.get("line_2"))))
    named = {name: next(filter(None, map(given.get, ours)), None) for name, ours in _ADDRESS.items()}
    return known({"street": street, **named})
