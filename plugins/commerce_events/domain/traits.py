"""Which traits of a person may leave: those Segment reserves, computed ones, and those a store lets out."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from commerce_events.domain.paths import json_path

# Segment takes both spellings.
RESERVED = frozenset(
    {
        "address", "age", "avatar", "birthday", "company", "createdAt", "created_at", "description", "email",
        "firstName", "first_name", "gender", "id", "lastName", "last_name", "name", "phone", "title",
        "username", "website",
    }
)  # fmt: skip
COMPUTED = frozenset(
    {
        "first_order_at", "last_order_at", "last_order_id", "total_orders", "total_spent",
        "average_order_value",
    }
)  # fmt: skip
# Reserved traits that are objects, and what they may hold: a store's own address knows much more.
PARTS = {
    "address": frozenset({"city", "country", "postalCode", "postal_code", "state", "street"}),
    "company": frozenset({"employee_count", "id", "industry", "name", "plan"}),
}
# Traits that the default templates fill, so that no field of a store may stand in for them.
FILLED = COMPUTED | {
    "address", "createdAt", "created_at", "email", "firstName", "first_name", "id", "lastName", "last_name",
    "name",
}  # fmt: skip


def allowed(message: Mapping[str, Any], custom: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """The message with only such traits as may leave, and the JSON paths of those that may not.

    `custom` names traits of the store's own, and parts of an object as `address.line_1`. What is null or
    empty is taken out too, without a mention: it would overwrite what a receiver knows. Traits of an
    identify may end up empty.
    """
    kept, dropped = dict(message), set[str]()
    if message.get("type") == "identify" and isinstance(message.get("traits"), dict):
        kept["traits"] = _kept(("traits",), message["traits"], custom, dropped)
    context = message.get("context")
    if isinstance(context, dict) and isinstance(context.get("traits"), dict):
        traits = _kept(("context", "traits"), context["traits"], custom, dropped)
        others = {key: value for key, value in context.items() if key != "traits"}
        kept["context"] = {**others, "traits": traits} if traits else others
    return kept, sorted(dropped)


def _kept(
    at: tuple[str, ...], traits: Mapping[str, Any], custom: Collection[str], dropped: set[str]
) -> dict[str, Any]:
    may, parts_of = _allowances(frozenset(custom))
    dropped.update(json_path((*at, name)) for name in traits.keys() - may)
    kept = {name: value for name, value in traits.items() if name in may}
    for name, parts in parts_of.items():
        if isinstance(kept.get(name), dict):
            dropped.update(json_path((*at, name, part)) for part in kept[name].keys() - parts)
            kept[name] = {part: value for part, value in kept[name].items() if part in parts}
    filled: dict[str, Any] = _filled(kept)
    return filled


@cache
def _allowances(custom: frozenset[str]) -> tuple[frozenset[str], Mapping[str, frozenset[str]]]:
    """The names that may leave, and what objects among them may hold. A store's configuration holds still."""
    parts = {name: own | set(_parts_of(name, custom)) for name, own in PARTS.items() if name not in custom}
    return RESERVED | COMPUTED | custom, parts


def _parts_of(name: str, custom: Collection[str]) -> Iterator[str]:
    return (each.removeprefix(f"{name}.") for each in custom if each.startswith(f"{name}."))


def _filled(value: Any) -> Any:
    """A copy without what is null or empty, at any depth. Zero and False are values."""
    if isinstance(value, dict):
        return {key: copy for key, item in value.items() if not is_empty(copy := _filled(item))}
    if isinstance(value, list):
        return [item for item in map(_filled, value) if not is_empty(item)]
    return value


def is_empty(value: Any) -> bool:
    """Zero and False are values."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, dict | list) and not value)
