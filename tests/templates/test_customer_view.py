"""What a template sees of a person: what is new of them, and nothing that may not leave."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest
from templates.samples import SOMEBODY, customer_fact, customer_record, fact, profile_record, record

from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.records import Record
from commerce_events.templates.view import template_input, with_resources

UPDATED = Kind.CUSTOMER_UPDATED
ADDRESS = {
    "first_name": "Jane",
    "line_1": "1 High St",
    "city": "Leeds",
    "postcode": "LS1",
    "phone_number": "5",
}


def commerce(told: Fact, whole: Record, **known: Any) -> dict[str, Any]:
    found: dict[str, Any] = template_input(told, whole, SOMEBODY, door="poll", **known)["commerce"]
    return found


def shown(told: Fact, whole: Record, custom: Collection[str] = (), **known: Any) -> Mapping[str, Any]:
    found: dict[str, Any] = commerce(told, whole, custom=custom, **known)["customer"]
    return {name: value for name, value in found.items() if name != "id"}


def test_everything_is_new_of_a_new_customer() -> None:
    assert commerce(customer_fact(), customer_record(external_ref="ERP-7"))["customer"] == {
        "id": "customer-1",
        "name": "Jane Q Doe",
        "first_name": "Jane",
        "last_name": "Q Doe",
        "email": "jane@example.com",
        "external_ref": "ERP-7",
        "created_at": "2026-03-01T12:30:15.250Z",
    }


def test_an_update_shows_what_changed_alone() -> None:
    whole = customer_record(phone="+1555", custom={"tier": "gold", "points": 5})

    assert shown(customer_fact(UPDATED, "email"), whole) == {"email": "jane@example.com"}
    assert shown(customer_fact(UPDATED, "name", "last_name"), whole) == {
        "name": "Jane Q Doe",
        "last_name": "Q Doe",
    }
    assert shown(customer_fact(UPDATED, "custom.tier"), whole, ["tier", "points"]) == {
        "custom": {"tier": "gold"}
    }


def test_somebody_older_than_the_start_is_introduced_whole() -> None:
    every = ("name", "first_name", "last_name", "email")

    seen = shown(customer_fact(UPDATED, *every), customer_record())

    assert seen.keys() == {*every, "created_at"}


def test_a_field_that_may_not_leave_is_not_shown() -> None:
    whole = customer_record(custom={"tier": "gold", "note": "difficult"}, external_ref="ERP-7")

    assert shown(customer_fact(), whole, ["tier", "external_ref"])["custom"] == {
        "tier": "gold",
        "external_ref": "ERP-7",
    }
    assert "custom" not in shown(customer_fact(), whole)


def test_what_is_empty_is_absent_even_where_it_changed() -> None:
    whole = customer_record(name=None, email="", custom={"tier": "", "points": 0})

    seen = shown(
        customer_fact(UPDATED, "name", "email", "custom.tier", "custom.points"), whole, ["tier", "points"]
    )

    assert seen.get("custom") == {"points": 0}
    assert {"name", "email", "first_name"}.isdisjoint(seen)


def test_nothing_is_shown_of_an_anonymised_customer_not_even_an_id() -> None:
    hidden = customer_record(anonymised=True, custom={"tier": "gold"})

    seen = commerce(customer_fact(), hidden, custom=["tier"], derived={"total_orders": 1, "address": ADDRESS})

    assert seen["customer"] == {}
    assert "computed" not in seen


def test_what_follows_from_all_orders_stands_beside_the_customer() -> None:
    seen = commerce(customer_fact(), customer_record(), derived={"total_orders": 3, "address": ADDRESS})

    assert seen["computed"] == {"total_orders": 3}
    assert seen["customer"]["address"] == {
        "street": "1 High St",
        "first_name": "Jane",
        "city": "Leeds",
        "postal_code": "LS1",
    }


def test_a_profile_shows_what_changed_of_it() -> None:
    whole = profile_record(total_orders=3, last_order_id="order-9", address=ADDRESS)

    seen = commerce(replace(customer_fact(UPDATED, "total_orders"), stream="people"), whole)

    assert seen["computed"] == {"total_orders": 3}
    assert seen["customer"] == {"id": "customer-1"}


def test_having_bought_nothing_is_known() -> None:
    assert commerce(customer_fact(UPDATED, "total_orders"), profile_record(total_orders=0))["computed"] == {
        "total_orders": 0
    }


@pytest.mark.parametrize("first", [True, False])
def test_whether_an_order_is_the_first_is_told_where_it_is_known(first: bool) -> None:
    assert commerce(fact(), record(), first_order=first)["order"]["is_first_order"] is first
    assert "is_first_order" not in commerce(fact(), record())["order"]


@pytest.mark.parametrize(("told", "whole"), [(fact(), record()), (customer_fact(), customer_record())])
@pytest.mark.parametrize("consent", [{"marketing": True, "ads": False}, {}])
def test_consent_is_told_where_it_is_known(told: Fact, whole: Record, consent: dict[str, bool]) -> None:
    agreed = replace(whole, subject=replace(whole.subject, consent=consent))

    assert commerce(told, agreed)["context"] == {"consent": {"categoryPreferences": consent}}
    assert commerce(told, whole, consent=consent)["context"] == commerce(told, agreed)["context"]
    assert commerce(told, whole)["context"] == {}


def test_consent_of_a_profile_is_what_is_known_of_its_person() -> None:
    told = replace(customer_fact(UPDATED, "total_orders"), stream="people")

    seen = commerce(told, profile_record(total_orders=1), consent={"marketing": False})

    assert seen["context"] == {"consent": {"categoryPreferences": {"marketing": False}}}


def test_the_webhook_of_a_customer_is_rebuilt() -> None:
    whole = customer_record()

    document = template_input(customer_fact(), whole, SOMEBODY, door="poll")

    assert document["triggered_by"] == "customer.created"
    body = orjson.loads(orjson.dumps(with_resources(document)))
    assert body["payload"] == {"data": whole.document["data"]}
    assert json.loads(body["resources"]) == body["payload"]


def test_what_was_deleted_comes_without_data_around_it() -> None:
    bare = {"id": "customer-1", "type": "customer"}
    whole = replace(customer_record(name=None, email=None, deleted=True), document={"data": bare})

    document = template_input(
        customer_fact(UPDATED), whole, SOMEBODY, door="poll", trigger="customer.deleted"
    )

    assert document["triggered_by"] == "customer.deleted"
    assert orjson.loads(orjson.dumps(document["payload"])) == bare
    assert document["commerce"]["customer"] == {"id": "customer-1", "deleted": True}


def test_a_profile_has_no_document_of_a_store() -> None:
    whole = replace(profile_record(total_orders=1), document={})

    document = template_input(
        customer_fact(UPDATED, "total_orders"), whole, SOMEBODY, door="poll", root="data"
    )

    assert document.keys() == {"commerce"}
