"""A customer or account member in our words: names, fields of the shop's own, and what is never kept."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from elastic_path import RULES, Json, customer_document, member_document

from commerce_events.domain.errors import BadRecordError
from commerce_events.domain.records import Record
from commerce_events.sources.elasticpath.customers import ACCOUNT_MEMBER, CUSTOMER, person_record
from commerce_events.sources.source import Rules


def customer(rules: Rules = RULES, **changes: Any) -> Record:
    return person_record(CUSTOMER, customer_document(**changes), rules)


def member(rules: Rules = RULES, **changes: Any) -> Record:
    return person_record(ACCOUNT_MEMBER, member_document(**changes), rules)


def test_a_customer_is_translated() -> None:
    record = customer(external_ref="crm/1")

    assert (record.store, record.stream, record.id) == ("main", "customers", "customer-1")
    assert record.created_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert record.updated_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    told = record.customer
    assert (told.name, told.first_name, told.last_name) == ("Ada Okafor", "Ada", "Okafor")
    assert (told.email, told.phone, told.custom) == ("ada@example.com", None, {"loyalty_tier": "gold"})
    assert (told.anonymised, told.test, told.consent, told.deleted) == (False, False, None, False)
    assert told.watched == {
        "name": "Ada Okafor",
        "first_name": "Ada",
        "last_name": "Okafor",
        "email": "ada@example.com",
        "phone": None,
        "external_ref": "crm/1",
        "custom.loyalty_tier": "gold",
    }


def test_a_member_is_translated_with_its_milliseconds() -> None:
    record = member()

    assert (record.stream, record.id) == ("account_members", "member-1")
    assert record.updated_at == datetime(2026, 3, 1, 11, 0, 0, 250_000, tzinfo=UTC)
    assert record.customer.custom == {}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Okafor", ("Ada Okafor", "Ada", "Okafor")),
        ("  Ada   van den Berg ", ("Ada   van den Berg", "Ada", "van den Berg")),
        ("浩", ("浩", "浩", None)),
        ("", (None, None, None)),
        (None, (None, None, None)),
        (7, (None, None, None)),
    ],
)
def test_a_full_name_is_cut_at_its_first_space(name: object, parts: tuple[str | None, ...]) -> None:
    for told in (customer(name=name).customer, member(name=name).customer):
        assert (told.name, told.first_name, told.last_name) == parts


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"given_name": "Adaeze", "family_name": "Eze"}, ("Ada Okafor", "Adaeze", "Eze")),
        ({"given_name": "Adaeze", "family_name": ""}, ("Ada Okafor", "Adaeze", None)),
        ({"family_name": "Eze"}, ("Ada Okafor", None, "Eze")),
        ({"name": "", "given_name": "Adaeze", "family_name": "Eze"}, ("Adaeze Eze", "Adaeze", "Eze")),
        ({"given_name": " ", "family_name": None}, ("Ada Okafor", "Ada", "Okafor")),
    ],
)
def test_the_given_parts_of_a_members_name_stand(changes: Json, parts: tuple[str | None, ...]) -> None:
    told = member(**changes).customer

    assert (told.name, told.first_name, told.last_name) == parts


def test_names_a_customer_has_in_fields_of_the_shop_are_custom() -> None:
    told = customer(given_name="Adaeze").customer

    assert (told.first_name, told.custom["given_name"]) == ("Ada", "Adaeze")


def test_fields_of_the_shop_are_custom_unless_they_are_empty() -> None:
    attributes = {"size": {"type": "integer", "value": 38}, "gone": {"type": "string", "value": None}}
    told = customer(vip=False, points=0, born=None, tags=["a"], custom_attributes=attributes).customer

    assert told.custom == {"size": 38, "loyalty_tier": "gold", "vip": False, "points": 0, "tags": ["a"]}
    assert {name for name in told.watched if name.startswith("custom.")} == {
        f"custom.{name}" for name in told.custom
    }


@pytest.mark.parametrize("translated", [customer, member])
def test_what_is_said_of_a_password_is_nowhere(translated: Any) -> None:
    record = translated(password=True, payment_details={"secret_key": "s3cret"})

    assert "password" not in record.customer.custom
    assert b"password" not in orjson.dumps(record.document)
    assert b"s3cret" not in orjson.dumps([record.document, record.customer.custom, record.customer.watched])


STARS = {"name": "**", "email": "**", "loyalty_tier": "**", "session": "**", "marketing_consent": True}


@pytest.mark.parametrize(
    "changes", [STARS, {"anonymized": True}, {"name": "", "email": "**"}, {"name": "**", "email": None}]
)
def test_of_an_anonymised_customer_nothing_is_left(changes: Json) -> None:
    rules = Rules("main", anonymous_id_field="session", consent_field="marketing_consent")
    record = customer(rules, external_ref="crm/1", **changes)

    told = record.customer
    assert told.anonymised
    assert (told.name, told.first_name, told.email, told.anonymous_id, told.consent) == (None,) * 5
    assert told.custom == {}
    assert set(told.watched.values()) == {None}
    assert set(record.document["data"]) <= {"type", "id", "meta", "anonymized"}


@pytest.mark.parametrize("changes", [{"name": "**"}, {"email": "**"}, {"name": "", "email": None}])
def test_one_star_alone_is_no_anonymisation(changes: Json) -> None:
    assert not customer(**changes).customer.anonymised


@pytest.mark.parametrize(
    ("rules", "anonymous_id"),
    [
        (Rules("main"), None),
        (Rules("main", anonymous_id_field="session_id"), "at-root"),
        (Rules("main", anonymous_id_field="custom_attributes.session_id"), "attribute"),
        (Rules("main", anonymous_id_field="session_id", customer_anonymous_id_field="browser.id"), "nested"),
        (Rules("main", anonymous_id_field="session_id", customer_anonymous_id_field="nowhere"), None),
    ],
)
def test_the_browsers_id_comes_from_the_configured_field(rules: Rules, anonymous_id: str | None) -> None:
    fields: Json = {
        "session_id": "at-root",
        "custom_attributes": {"session_id": {"type": "string", "value": "attribute"}},
        "browser": {"id": "nested"},
    }

    assert customer(rules, **fields).customer.anonymous_id == anonymous_id


@pytest.mark.parametrize("path", ["customer.email", "contact.email", "email"])
def test_the_filter_for_test_orders_knows_their_customers(path: str) -> None:
    rules = Rules("main", test_filter={path: ("*@test.example",), "shipping_address.line_1": ("*",)})

    assert customer(rules, email="Ada@Test.example").customer.test
    assert not customer(rules).customer.test


def test_the_digest_tells_contents_apart_and_not_ways_of_asking() -> None:
    assert member().digest == member(links={}).digest
    assert member().digest != member(name="Ada").digest
    assert customer().digest != customer(loyalty_tier="silver").digest


@pytest.mark.parametrize(
    ("changes", "reason", "path"),
    [
        ({"id": None}, "missing_id", "$.data.id"),
        ({"meta": {}}, "missing_timestamp", "$.data.meta.timestamps.created_at"),
        (
            {"meta": {"timestamps": {"created_at": "2026-03-01T10:00:00", "updated_at": "soon"}}},
            "bad_timestamp",
            "$.data.meta.timestamps.created_at",
        ),
    ],
)
def test_what_cannot_be_read_is_named(changes: Json, reason: str, path: str) -> None:
    with pytest.raises(BadRecordError) as caught:
        customer(**changes)

    assert (caught.value.reason, caught.value.path) == (reason, path)
