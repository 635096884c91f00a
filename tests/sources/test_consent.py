"""What a person agreed to: every shape a shop may keep it in, and nothing granted where it cannot be read."""

from typing import Any

import pytest
from elastic_path import customer_document, order_document
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.sources.elasticpath.consent import consent
from commerce_events.sources.elasticpath.customers import CUSTOMER, person_record
from commerce_events.sources.elasticpath.nodes import Node
from commerce_events.sources.elasticpath.orders import order_record
from commerce_events.sources.source import Rules

RULES = Rules("main", consent_field="consent", consent_category="ads")


def read(value: object, rules: Rules = RULES) -> Any:
    return consent(Node({"consent": value}), rules)


@pytest.mark.parametrize(
    ("value", "granted"),
    [
        (True, {"ads": True}),
        (False, {"ads": False}),
        ("true", {"ads": True}),
        (" No ", {"ads": False}),
        ({"ads": True, "mail": False}, {"ads": True, "mail": False}),
        ({"ads": "yes", "mail": "maybe", "push": 1}, {"ads": True, "mail": False, "push": False}),
        (["ads", " mail "], {"ads": True, "mail": True}),
        ("ads, mail,", {"ads": True, "mail": True}),
        ('{"ads": true, "mail": false}', {"ads": True, "mail": False}),
        ('["ads"]', {"ads": True}),
        ({"type": "boolean", "value": True}, {"ads": True}),
    ],
)
def test_consent_is_read_from(value: object, granted: dict[str, bool]) -> None:
    assert read(value) == granted


@pytest.mark.parametrize(
    "value", ["", 1, 0, 0.5, [], {}, ["ads", 7], '{"ads": tru', "[1]", '[{"ads": true}]']
)
def test_what_cannot_be_read_grants_nothing(value: object) -> None:
    assert read(value) == {}


def test_silence_is_no_answer() -> None:
    assert read(None) is None
    assert consent(Node({}), RULES) is None
    assert consent(Node({"consent": True}), Rules("main")) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(json_values)
def test_whatever_stands_there_the_answers_are_booleans_by_name(value: object) -> None:
    granted = read(value)

    assert granted is None or all(isinstance(said, bool) and name for name, said in granted.items())


def test_orders_and_customers_tell_it_alike() -> None:
    customer = person_record(CUSTOMER, customer_document(consent=["ads"]), RULES)
    order = order_record(order_document(consent=["ads"]), [], RULES, lambda _currency: 2)

    assert customer.customer.consent == order.order.consent == {"ads": True}


def test_an_anonymised_order_tells_no_consent() -> None:
    document = order_document(consent=True, anonymized=True)

    assert order_record(document, [], RULES, lambda _currency: 2).order.consent is None
