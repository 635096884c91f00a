"""Which traits leave: what is reserved, computed or let out; never what is empty."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.people import Totals, computed_traits
from commerce_events.domain.traits import COMPUTED, FILLED, RESERVED, allowed

LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", " ", "x", "jane@example.com"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["email", "address", "total_orders", "loyalty_tier", "note", "a b", "jane@example.com"]
)
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["identify", "track", "group"])},
    optional={
        "traits": st.dictionaries(NAMES, VALUES) | LEAVES,
        "context": st.fixed_dictionaries(
            {}, optional={"traits": st.dictionaries(NAMES, VALUES), "ip": VALUES}
        )
        | LEAVES,
        "properties": st.dictionaries(NAMES, VALUES),
    },
)


def identify(**traits):
    return {"type": "identify", "traits": traits}


def traits_of(message, custom=()):
    return allowed(message, custom)[0]["traits"]


@pytest.mark.parametrize("name", ["email", "firstName", "phone", "birthday", "createdAt", "total_orders"])
def test_reserved_and_computed_traits_leave(name):
    assert traits_of(identify(**{name: "x"})) == {name: "x"}


def test_a_field_of_the_stores_own_leaves_only_where_it_is_named():
    told = identify(email="jane@example.com", loyalty_tier="gold", internal_note="difficult")

    kept, dropped = allowed(told, ["loyalty_tier"])

    assert kept["traits"] == {"email": "jane@example.com", "loyalty_tier": "gold"}
    assert dropped == ["$.traits.internal_note"]


def test_what_stands_in_the_context_is_held_to_the_same():
    told = {"type": "track", "context": {"ip": "::1", "traits": {"email": "j@example.com", "note": "x"}}}

    kept, dropped = allowed(told, ())

    assert kept["context"] == {"ip": "::1", "traits": {"email": "j@example.com"}}
    assert dropped == ["$.context.traits.note"]


def test_a_context_left_without_traits_has_none():
    assert allowed({"type": "track", "context": {"traits": {"note": "x"}}}, ())[0]["context"] == {}


@pytest.mark.parametrize("empty", [None, "", "  ", {}, [], [None], {"city": None}, {"city": {"x": ""}}])
def test_nothing_empty_overwrites_what_is_known(empty):
    kept, dropped = allowed(identify(email="jane@example.com", address=empty, phone=empty), ["phone"])

    assert kept["traits"] == {"email": "jane@example.com"}
    assert "$.traits.phone" not in dropped


@pytest.mark.parametrize("value", [0, False, 0.0, "0", [0], {"a": False}])
def test_zero_and_no_are_values(value):
    assert traits_of(identify(points=value), ["points"]) == {"points": value}


def test_of_an_address_only_the_parts_that_segment_knows_leave():
    address = {"street": "1 High St", "city": "Leeds", "line_2": "Flat 2", "instructions": "ring twice"}

    kept, dropped = allowed(identify(address=address), ["address.line_2"])

    assert kept["traits"]["address"] == {"street": "1 High St", "city": "Leeds", "line_2": "Flat 2"}
    assert dropped == ["$.traits.address.instructions"]


def test_a_name_made_of_data_is_not_shown():
    assert allowed(identify(**{"jane@example.com": 1}), ())[1] == ["$.traits[*]"]


def test_traits_of_a_group_are_not_a_persons():
    told = {"type": "group", "traits": {"seats": 5}}

    assert allowed(told, ()) == (told, [])


@pytest.mark.parametrize("traits", [None, "x", [1]])
def test_traits_that_are_no_object_are_left_to_the_contract(traits):
    assert allowed({"type": "identify", "traits": traits}, ()) == ({"type": "identify", "traits": traits}, [])


@given(message=MESSAGES)
def test_the_message_is_left_as_it_was_and_a_second_time_changes_nothing(message):
    before = deepcopy(message)

    once, _ = allowed(message, ["loyalty_tier"])

    assert message == before
    assert allowed(once, ["loyalty_tier"]) == (once, [])
    assert {key: once[key] for key in once if key not in ("traits", "context")} == {
        key: before[key] for key in before if key not in ("traits", "context")
    }


@given(message=MESSAGES)
def test_nothing_but_what_may_leave_is_left(message):
    once, _ = allowed(message, ["loyalty_tier"])

    context = once["context"] if isinstance(once.get("context"), dict) else {}
    theirs = once.get("traits") if once["type"] == "identify" else None
    for traits in (theirs, context.get("traits")):
        assert not isinstance(traits, dict) or traits.keys() <= RESERVED | COMPUTED | {"loyalty_tier"}


def test_every_computed_trait_may_leave_and_cannot_be_stood_in_for():
    when = datetime(2026, 1, 1, tzinfo=UTC)
    totals = Totals(when, "order-1", when, "order-1", 1, {"EUR": (100, 2, 1)})

    assert computed_traits(totals).keys() == COMPUTED
    assert COMPUTED < FILLED
