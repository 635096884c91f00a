"""The default templates hold for any person, and merchants' own run as they are."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from templates.samples import OF_CUSTOMERS, SOMEBODY, WHEN, customer_fact, customer_record

from commerce_events.contracts.contracts import Contracts
from commerce_events.domain.facts import Kind
from commerce_events.domain.records import Record
from commerce_events.domain.traits import allowed
from commerce_events.templates.library import Templates
from commerce_events.templates.reference_engine import ReferenceEngine
from commerce_events.templates.view import Root, template_input

INCLUDE = Path(__file__).parents[2] / "include"
FILES = {kind: f"segment/elasticpath/{kind}.jsonata" for kind in OF_CUSTOMERS}
TEMPLATES = Templates.load(INCLUDE / "templates", FILES.values())
CONTRACTS = Contracts.load(INCLUDE / "contracts/segment")

text = st.text(max_size=12)
values = st.none() | text | st.integers(-9, 9) | st.booleans() | st.lists(text, max_size=2)
names = st.sampled_from(["tier", "points", "note", "phone", "traits", "a b"])
people = st.builds(
    customer_record,
    name=st.none() | text,
    email=st.none() | st.sampled_from(["jane@example.com", "7k@privaterelay.appleid.com", ""]),
    phone=st.none() | text,
    external_ref=st.none() | text,
    custom=st.dictionaries(names, values, max_size=4),
    anonymised=st.booleans(),
    consent=st.none() | st.dictionaries(text, st.booleans(), max_size=2),
)
traits = st.sampled_from(["name", "first_name", "last_name", "email", "phone", "custom.tier", "custom.a b"])
derived = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "total_orders": st.integers(0, 9),
        "total_spent": st.dictionaries(st.sampled_from(["EUR", "JPY"]), st.integers(0, 999)),
        "last_order_id": st.none() | text,
        "address": st.dictionaries(st.sampled_from(["line_1", "city", "postcode", "instructions"]), text),
    },
)


def calls(kind: Kind, whole: Record, *changed: str, **known: Any) -> list[dict[str, Any]]:
    document = template_input(customer_fact(kind, *changed), whole, SOMEBODY, door="poll", **known)
    return TEMPLATES.render(FILES[kind], document, WHEN)


@pytest.mark.parametrize("kind", OF_CUSTOMERS)
@given(whole=people, changed=st.lists(traits), derived=derived)
@settings(max_examples=80, deadline=None)
def test_any_person_keeps_the_contract_and_nothing_is_told_that_may_not_leave(
    kind: Kind, whole: Record, changed: list[str], derived: dict[str, Any] | None
) -> None:
    for call in calls(kind, whole, *changed, derived=derived, custom=["tier", "a b"]):
        message = {**call, "messageId": "m", "timestamp": "2026-03-01T12:00:00Z", "userId": "u"}

        kept, dropped = allowed(message, ["tier", "a b"])

        assert dropped == []
        assert CONTRACTS.violation(kept) is None


@given(whole=people)
@settings(max_examples=60, deadline=None)
def test_nobody_is_told_without_a_trait(whole: Record) -> None:
    assert all(call["traits"] for kind in OF_CUSTOMERS for call in calls(kind, whole, "email"))


@pytest.mark.parametrize("kind", OF_CUSTOMERS)
def test_default_templates_need_commerce_alone(kind: Kind) -> None:
    document = template_input(customer_fact(kind, "name"), customer_record(), SOMEBODY, door="poll")

    assert TEMPLATES.render(FILES[kind], {"commerce": document["commerce"]}, WHEN) == TEMPLATES.render(
        FILES[kind], document, WHEN
    )


@pytest.mark.parametrize(
    ("root", "source", "expected"),
    [
        (
            "webhook",
            "payload.data.{'id': id, 'email': email, 'name': name}",
            {"id": "customer-1", "email": "jane@example.com", "name": "Jane Q Doe"},
        ),
        ("webhook", "$split(payload.data.name, ' ')[0]", "Jane"),
        ("webhook", "$split(payload.data.name, ' ')[1]", "Q"),
        ("webhook", "triggered_by = 'customer.created'", True),
        ("webhook", "payload.data.loyalty_tier", "gold"),
        (
            "webhook",
            "{'userId': payload.data.id, 'traits': {'age': payload.data.age}}",
            {"userId": "customer-1", "traits": {}},
        ),
        ("payload", "data.email", "jane@example.com"),
        ("data", "email", "jane@example.com"),
        (
            "data",
            "{'email': email, 'first': $split(name, ' ')[0]}",
            {"email": "jane@example.com", "first": "Jane"},
        ),
        ("data", "commerce.customer.email", "jane@example.com"),
    ],
)
def test_an_idiom_of_published_customer_templates_runs(root: Root, source: str, expected: Any) -> None:
    whole = customer_record({"loyalty_tier": "gold"})
    document = template_input(customer_fact(), whole, SOMEBODY, door="poll", root=root)

    assert ReferenceEngine().compile("t.jsonata", source).evaluate(document, WHEN) == expected
