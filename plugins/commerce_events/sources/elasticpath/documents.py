"""What of a store's document is kept, and how two versions are told apart."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from commerce_events.sources.elasticpath.nodes import Node

# Gateways put client secrets and e-mail addresses here. Never kept, like what is said of passwords.
SECRETS = frozenset(
    {"payment_intent", "client_parameters", "client_secret", "secret_key", "payment_details", "password"}
)

_SECRETS_AS_KEYS = tuple(f'"{name}":'.encode() for name in sorted(SECRETS))

_LINKS = b'"links":'

# Every value of every page is asked for this: what holds nothing costs no call.
NESTED = frozenset({dict, list})

PERSONAL_FIELDS = frozenset(
    {"customer", "contact", "billing_address", "shipping_address", "custom_attributes"}
)
REFERENCES = frozenset({"type", "id", "order_number", "external_ref", "payment_intent_id"})
STATES = frozenset({"status", "payment", "shipping", "anonymized"})
OWN_FIELDS = (
    PERSONAL_FIELDS | REFERENCES | STATES | {"links", "meta", "relationships"}
)  # others are flow fields
PERSONAL_RELATIONSHIPS = ("customer", "account", "account_member")
PERSONAL_ITEM_FIELDS = frozenset({"custom_inputs", "custom_attributes"})


class Kept(NamedTuple):
    """The document as templates see it, and as JSON where it was written down to look for secrets."""

    document: dict[str, Any]
    text: bytes | None


def kept(order: dict[str, Any], items: list[Any]) -> Kept:
    """Without secrets; of an anonymised order nothing personal."""
    if order.get("anonymized") is True:
        order = _impersonal(order)
        items = [_without(item, PERSONAL_ITEM_FIELDS) for item in items]
    return _kept({"data": order, "included": {"items": items}})


def without_secrets(document: Any) -> Any:
    """The document itself where there is nothing to take out, as in nearly all: it is read, never written."""
    return _kept(document).document


def _kept(document: Any) -> Kept:
    try:
        text = orjson.dumps(document)
    except TypeError:
        return Kept(_without(document, SECRETS), None)
    if any(name in text for name in _SECRETS_AS_KEYS):
        return Kept(_without(document, SECRETS), None)
    return Kept(document, text)


def digest(document: dict[str, Any]) -> bytes:
    """The same for the same order, however it was asked for: links and the order of items are left out."""
    items = sorted(map(_unlinked, document["included"]["items"]), key=lambda item: str(item.get("id")))
    order = _unlinked(document["data"])
    related = order.get("relationships")
    if isinstance(related, dict):
        order["relationships"] = {key: value for key, value in related.items() if key != "items"}
    return fingerprint({"data": order, "items": items})


def _unlinked(value: Any) -> Any:
    """A copy without the links at its top, where nearly all of them are."""
    copy: dict[str, Any] = value.copy()
    copy.pop("links", None)
    return copy


def fingerprint(content: Any) -> bytes:
    """The same for the same content, whatever the links and the order of fields."""
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    if _LINKS in text:
        text = orjson.dumps(_without(content, frozenset({"links"})), option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=16).digest()


def is_test(record: Node, patterns: Mapping[str, Iterable[str]]) -> bool:
    """Whether any pattern fits: shops know test orders by several marks, each enough by itself."""
    return any(
        fnmatchcase(_comparable(record.dotted(path)), pattern.casefold())
        for path, several in patterns.items()
        for pattern in several
    )


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
