"""The quick check never says yes where jsonschema says no, and says yes to what is usually sent."""

import json
import math
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce_events.contracts.contracts import Contracts
from commerce_events.contracts.quick import quick_checks
from commerce_events.contracts.schemas import load_contracts

FOLDER = Path(__file__).parents[2] / "include/contracts/segment"
CONTRACTS = load_contracts(FOLDER)

PRODUCT = {"product_id": "p1", "sku": "S1", "name": "Lamp", "price": 9.99, "quantity": 2}
ENVELOPE = {"messageId": "m1", "timestamp": "2026-03-01T12:30:15.250Z", "userId": "u1"}
CONTEXT = {
    "traits": {"email": "a@b.example", "address": {"city": "Oslo"}},
    "consent": {"categoryPreferences": {"x": True}},
}
ORDER = {
    **{"order_id": "o1", "currency": "EUR", "value": 28.78, "total": 28.78, "revenue": 19.98, "tax": 3.8},
    **{"discount": 0, "coupon": "C", "changed": ["status"], "status": "complete", "products": [PRODUCT] * 2},
}
EVENTS = ["Checkout Started", "Order Completed", "Order Updated", "Order Refunded", "Order Cancelled", "Any"]
GOOD: list[tuple[str, dict[str, Any]]] = [
    *(
        (
            "track" if event == "Any" else event.lower().replace(" ", "_"),
            {"type": "track", "event": event, **ENVELOPE, "properties": ORDER, "context": CONTEXT},
        )
        for event in EVENTS
    ),
    ("identify", {"type": "identify", **ENVELOPE, "traits": CONTEXT["traits"], "context": CONTEXT}),
    ("alias", {"type": "alias", **ENVELOPE, "previousId": "guest-1"}),
]

# What engines read differently: spaces, digits and line ends of other scripts, numbers that are none.
ODD = [
    "",
    " ",
    "\x1c",
    "\x85",
    "\ufeff",
    "\u200b",
    "EUR\n",
    "EUR",
    "2026-03-01T12:30:15Z\n",
    "\u0661",
]
HALF = "\ud800"  # of a character
ODD_NUMBERS = [0, -1, 1, 1.0, 0.5, -0.0, 10**40, 2**53 + 1, math.nan, math.inf, -math.inf]
ODD_VALUES = st.sampled_from(
    [*ODD, HALF, *ODD_NUMBERS, None, True, False, [], {}, [1], {"a": 1}, "User Deleted", "m" * 101]
)


@pytest.mark.parametrize(("name", "message"), GOOD, ids=[name for name, _ in GOOD])
def test_a_good_message_needs_no_second_look(name: str, message: dict[str, Any]) -> None:
    is_kept = CONTRACTS[name].is_kept

    assert is_kept is not None
    assert is_kept(message)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_no_message_passes_that_jsonschema_refuses(data: st.DataObject) -> None:
    name, good = data.draw(st.sampled_from(GOOD))
    message = deepcopy(good)
    for _ in range(data.draw(st.integers(1, 2))):
        spoil(message, data)

    contract = CONTRACTS[name]

    assert contract.is_kept is not None
    if contract.is_kept(message):
        assert contract.validator.is_valid(message)


TEXTS = st.sampled_from([*ODD, "a", "ab", "\u0663"])
VALUES = st.recursive(
    TEXTS | st.sampled_from([*ODD_NUMBERS, True, False, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)
LEAVES = st.one_of(
    st.sampled_from(["string", "number", "integer", "boolean", "array", "object", "null"]).map(
        lambda kind: {"type": kind}
    ),
    st.sampled_from([r"\S", r"^\d$", r"^[A-Z]{3}$", r"\W", r"a$", "b"]).map(lambda text: {"pattern": text}),
    st.sampled_from(
        [{"const": "a"}, {"const": True}, {"enum": ["a", "EUR"]}, {"const": 1}, {"required": ["a"]}]
    ),
    st.sampled_from(["minimum", "exclusiveMaximum", "minLength", "maxItems", "minProperties"]).map(
        lambda word: {word: 1}
    ),
    st.sampled_from(
        [True, False, {"uniqueItems": True}, {"format": "date"}, {"patternProperties": {r"\s": False}}]
    ),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.sampled_from(["not", "if", "contains", "items", "additionalProperties", "propertyNames"]).flatmap(
            lambda word: inner.map(lambda one: {word: one})
        ),
        st.sampled_from(["allOf", "anyOf", "oneOf"]).flatmap(
            lambda word: st.lists(inner, min_size=1, max_size=3).map(lambda several: {word: several})
        ),
        st.tuples(inner, inner, inner).map(
            lambda three: {"if": three[0], "then": three[1], "else": three[2]}
        ),
        inner.map(lambda one: {"properties": {"a": one, "pattern": one}}),
    ),
    max_leaves=5,
)
REFERRING = SCHEMAS.map(lambda one: {"$ref": "#/definitions/x", "definitions": {"x": one}})


@settings(max_examples=500, deadline=None)
@given(SCHEMAS | REFERRING, VALUES)
def test_no_schema_is_read_more_kindly_than_jsonschema_reads_it(schema: Any, value: Any) -> None:
    is_kept = quick_checks({"one": schema}, {"one": frozenset({"one"})}).get("one")

    if is_kept is not None and is_kept(value):
        assert STRICT(schema).is_valid(value)


STRICT = type(CONTRACTS["track"].validator)


@pytest.mark.parametrize(
    "rule",
    [
        {"multipleOf": 0.1},
        {"uniqueItems": True},
        {"patternProperties": {"a": False}},
        {"const": 1},
        {"type": ["number", "null"]},
        {"minimum": 2**60},
        {"pattern": "("},
        {"$id": "elsewhere.json"},
        {"unheardOf": {}},
    ],
    ids=json.dumps,
)
def test_what_engines_may_read_differently_is_left_to_jsonschema(rule: dict[str, Any]) -> None:
    inside = {"properties": {"a": rule}}
    reached = {
        "sure": frozenset({"sure", "unsure"}),
        "unsure": frozenset({"unsure"}),
        "other": frozenset({"other"}),
    }
    schemas = {"sure": {"$ref": "unsure#"}, "unsure": inside, "other": {"type": "object"}}

    assert set(quick_checks(schemas, reached)) == {"other"}


def test_a_contract_without_a_quick_check_is_kept_and_broken_as_ever(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.json"):
        (tmp_path / path.name).write_text(path.read_text())
    odd = {"properties": {"properties": {"properties": {"total": {"multipleOf": 2}}}}}
    (tmp_path / "any.schema.json").write_text(json.dumps(odd))
    contracts = Contracts.load(tmp_path)
    message = {"type": "track", "event": "Any", **ENVELOPE, "properties": {"total": 4}}

    assert contracts.violation(message) is None
    broken = contracts.violation({**message, "properties": {"total": 3}})
    assert broken is not None
    assert broken.reason == "contract:multipleOf"


def spoil(part: Any, data: st.DataObject) -> None:
    """Replace, remove or add one value somewhere inside."""
    keys = list(part) if isinstance(part, dict) else list(range(len(part)))
    key = data.draw(st.sampled_from(keys)) if keys else None
    inner = part[key] if key is not None else None
    if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
        part[key] = deepcopy(inner)
        spoil(part[key], data)
    elif key is not None and data.draw(st.booleans()):
        del part[key]
    elif isinstance(part, dict):
        part[key or "another"] = data.draw(ODD_VALUES)
