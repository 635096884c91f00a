"""What of an order is watched: groups of values, each told by a hash. A change in one is an update."""

from collections.abc import Iterable
from hashlib import blake2b
from operator import itemgetter
from typing import Any

import orjson

from commerce_events.domain.records import Line
from commerce_events.sources.elasticpath.documents import OWN_FIELDS, PERSONAL_RELATIONSHIPS
from commerce_events.sources.elasticpath.nodes import Node

# These move without anything having happened: texts made for people, addresses of the API, clocks.
VOLATILE = frozenset({"links", "formatted", "timestamps", "created_at", "updated_at"})

# What the payment's state moves; `payment` tells it already.
PAYMENT_MONEY = frozenset({"paid", "authorized", "balance_owing"})

OWN_RELATIONSHIPS = frozenset(
    {"customer", "account", "account_member", "custom_discounts", "promotions", "store", "tax_items"}
)

# What an item costs is told by its line: in five numbers, where the store uses some hundred values.
PRICED = frozenset({"meta", "unit_price", "value", "relationships"}) | VOLATILE
PRICES = frozenset({"display_price"}) | VOLATILE

_LOOKED_INTO = frozenset({dict, list})


def watched(document: dict[str, Any], lines: Iterable[Line]) -> dict[str, str]:
    """By group; a change of one is an update of the order. `lines` are what its items cost, one for each."""
    return {group: _hash(value) for group, value in _groups(document, lines).items()}


def stable(value: Any) -> Any:
    """Without what moves by itself. A field that is null says no more than one that is absent."""
    kind = value.__class__
    if kind is list:
        return [stable(inner) for inner in value]
    if kind is not dict:
        return value
    found = {}
    for key, inner in value.items():
        if inner is None or key in VOLATILE:
            continue
        if inner.__class__ in _LOOKED_INTO:
            inner = stable(inner)
            if inner.__class__ is dict and not inner:
                continue
        found[key] = inner
    return found


def _groups(document: dict[str, Any], lines: Iterable[Line]) -> dict[str, Any]:
    order, items = document["data"], document["included"]["items"]
    related = _related_ids(order)
    money = order["meta"]["display_price"]
    return {
        "status": order.get("status"),
        "payment": order.get("payment"),
        "shipping": order.get("shipping"),
        "lines": sorted(map(_line, items, lines), key=itemgetter(0)),
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


def _hash(value: Any) -> str:
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()


def _line(item: dict[str, Any], line: Line) -> list[Any]:
    """The item's id, what it costs, and all else that it says."""
    costs = [str(line.price), str(line.list_price), line.value, line.tax, line.discount]
    said = stable({key: value for key, value in item.items() if key not in PRICED})
    meta = item.get("meta")
    more = {key: meta[key] for key in meta if key not in PRICES} if isinstance(meta, dict) else {}
    return [line.id, costs, said, stable(more)]


def _related_ids(order: dict[str, Any]) -> dict[str, Any]:
    node = Node(order)["relationships"]
    names = node.value if isinstance(node.value, dict) else {}
    return {
        name: node[name]["data"]["id"].value or _ids(node[name]["data"]) for name in names if name != "items"
    }


def _ids(data: Node) -> list[str] | None:
    return sorted(one.text_at("id") for one in data) or None
