"""What of a store's document is kept, what is watched, and how two versions are told apart."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Any

import orjson

from commerce_events.sources.elasticpath.nodes import Node

# Gateways put client secrets and e-mail addresses here. Never kept, like what is said of passwords.
SECRETS = frozenset(
    {"payment_intent", "client_parameters", "client_secret", "secret_key", "payment_details", "password"}
)

_SECRETS_AS_KEYS = tuple(f'"{name}":'.encode() for name in sorted(SECRETS))

# Links as they nearly always are, with the comma that goes with them. No text holds a quote that stands bare.
_NO_LINKS = (b'"links":{},', b',"links":{}', b'"links":{}')

# Every value of every page is asked for this: what holds nothing costs no call.
NESTED = frozenset({dict, list})

# These move without anything having happened: texts made for people, addresses of the API, clocks.
VOLATILE = frozenset({"links", "formatted", "timestamps", "created_at", "updated_at"})

# What the payment's state moves; `payment` tells it already.
PAYMENT_MONEY = frozenset({"paid", "authorized", "balance_owing"})

PERSONAL_FIELDS = frozenset(
    {"customer", "contact", "billing_address", "shipping_address", "custom_attributes"}
)
REFERENCES = frozenset({"type", "id", "order_number", "external_ref", "payment_intent_id"})
STATES = frozenset({"status", "payment", "shipping", "anonymized"})
OWN_FIELDS = (
    PERSONAL_FIELDS | REFERENCES | STATES | {"links", "meta", "relationships"}
)  # others are flow fields
OWN_RELATIONSHIPS = frozenset(
    {"customer", "account", "account_member", "custom_discounts", "promotions", "store", "tax_items"}
)
PERSONAL_RELATIONSHIPS = ("customer", "account", "account_member")
PERSONAL_ITEM_FIELDS = frozenset({"custom_inputs", "custom_attributes"})


def kept(order: dict[str, Any], items: list[Any]) -> dict[str, Any]:
    """The document as templates see it, without secrets; of an anonymised order nothing personal."""
    if order.get("anonymized") is True:
        order = _impersonal(order)
        items = [_without(item, PERSONAL_ITEM_FIELDS) for item in items]
    document: dict[str, Any] = without_secrets({"data": order, "included": {"items": items}})
    return document


def without_secrets(document: Any) -> Any:
    """The document itself where there is nothing to take out, as in nearly all: it is read, never written."""
    try:
        text = orjson.dumps(document)
    except TypeError:
        return _without(document, SECRETS)
    return _without(document, SECRETS) if any(name in text for name in _SECRETS_AS_KEYS) else document


def digest(document: dict[str, Any]) -> bytes:
    """The same for the same order, however it was asked for: links and the order of items are left out."""
    items = sorted(document["included"]["items"], key=lambda item: str(item.get("id")))
    order = dict(document["data"])
    related = order.get("relationships")
    if isinstance(related, dict):
        order["relationships"] = {key: value for key, value in related.items() if key != "items"}
    return fingerprint({"data": order, "items": items})


def fingerprint(content: Any) -> bytes:
    """The same for the same content, whatever the links and the order of fields."""
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    for empty in _NO_LINKS:
        text = text.replace(empty, b"")
    if b'"links":' in text:
        text = orjson.dumps(_without(content, frozenset({"links"})), option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=16).digest()


def watched(document: dict[str, Any]) -> dict[str, Any]:
    """Groups of source values; a change in one of them is an update of the order."""
    order = document["data"]
    related = _related_ids(order)
    money = order["meta"]["display_price"]
    return {
        "status": order.get("status"),
        "payment": order.get("payment"),
        "shipping": order.get("shipping"),
        "lines": sorted(
            (_item(item) for item in document["included"]["items"]), key=lambda item: str(item["id"])
        ),
        "money": stable({key: value for key, value in money.items() if key not in PAYMENT_MONEY}),
        "customer": stable(
            {key: order.get(key) for key in ("customer", "contact")}
            | {f"{name}_id": related.get(name) for name in PERSONAL_RELATIONSHIPS}
        ),
        "addresses": stable({key: order.get(key) for key in ("billing_address", "shipping_address")}),
        "references": stable({key: order.get(key) for key in ("order_number", "external_ref")}),
        "custom": stable(
            {key: value for key, value in order.items() if key not in OWN_FIELDS}
            | {"custom_attributes": order.get("custom_attributes")}
            | {"related": {key: value for key, value in related.items() if key not in OWN_RELATIONSHIPS}}
        ),
    }


def is_test(record: Node, patterns: Mapping[str, Iterable[str]]) -> bool:
    """Whether any pattern fits: shops know test orders by several marks, each enough by itself."""
    return any(
        fnmatchcase(_comparable(record.dotted(path)), pattern.casefold())
        for path, several in patterns.items()
        for pattern in several
    )


def stable(value: Any) -> Any:
    """Without what moves by itself. A field that is null says no more than one that is absent."""
    if isinstance(value, dict):
        pruned = {
            key: stable(inner) if inner.__class__ in NESTED else inner
            for key, inner in value.items()
            if inner is not None and key not in VOLATILE
        }
        return {key: inner for key, inner in pruned.items() if inner != {}}
    if isinstance(value, list):
        return [stable(inner) for inner in value]
    return value


def _item(item: dict[str, Any]) -> dict[str, Any]:
    pruned: dict[str, Any] = stable({key: value for key, value in item.items() if key != "relationships"})
    return pruned


def _related_ids(order: dict[str, Any]) -> dict[str, Any]:
    node = Node(order)["relationships"]
    names = node.value if isinstance(node.value, dict) else {}
    return {
        name: node[name]["data"]["id"].value or _ids(node[name]["data"]) for name in names if name != "items"
    }


def _ids(data: Node) -> list[str] | None:
    return sorted(one["id"].text() for one in data) or None


def _impersonal(order: dict[str, Any]) -> dict[str, Any]:
    """Flow fields go too: no store says what a merchant put into them."""
    left = {key: value for key, value in order.items() if key in OWN_FIELDS - PERSONAL_FIELDS}
    related = left.get("relationships")
    if isinstance(related, dict):
        left["relationships"] = {k: v for k, v in related.items() if k not in PERSONAL_RELATIONSHIPS}
    return left


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _without(inner, names) if inner.__class__ in NESTED else inner
            for key, inner in value.items()
            if key not in names
        }
    if isinstance(value, list):
        return [_without(inner, names) if inner.__class__ in NESTED else inner for inner in value]
    return value


def _comparable(node: Node) -> str:
    value = node.value
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).casefold()
