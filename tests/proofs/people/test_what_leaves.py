"""What of a person leaves: what changed, never as nothing, and only what may."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import orjson
import pytest
from pipeline import SETTINGS, Pipeline, pipeline
from proofs.people.shoppers import profiles, stores, sync

from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.activity import move_on

# What the databases do differently is tried by the other files of this folder.
pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)

IDENTITY = {**SETTINGS["stores"]["main"]["identity"], "customer_anonymous_id_field": "session_id"}
# What the seeded store keeps of people beside what every store does.
OWN_FIELDS = ("date_of_birth", "marketing_consent", "loyalty_tier", "password", "external_ref")

EDITS = ({"date_of_birth": "1977-07-17"}, {"name": "Zo\u00eb"}, {"email": None}, {"loyalty_tier": "gold"})


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with stores(ledger, main={"identity": IDENTITY, "traits": {"custom": ["loyalty_tier"]}}) as opened:
        yield opened["main"]


def identifies(line: Pipeline, user: str) -> list[dict[str, Any]]:
    """The traits of each identify about a person, in order of arrival; links have none."""
    return [
        message["traits"]
        for message in line.messages()
        if message["type"] == "identify" and message["userId"] == user and message["traits"]
    ]


def change(line: Pipeline, customer: str, **fields: object) -> list[dict[str, Any]]:
    """What an edit makes Segment hear."""
    before = len(identifies(line, customer))
    line.shop.advance(60)
    line.shop.edit_customer(customer, **fields)
    sync(line, "customers")
    return identifies(line, customer)[before:]


def test_a_change_tells_what_changed_and_nothing_else(line):
    customer = line.shop.add_customer(name="Ada Quill", email="ada@shop.example", loyalty_tier="silver")
    sync(line)

    assert change(line, customer, email="quill@shop.example") == [{"email": "quill@shop.example"}]
    assert change(line, customer, loyalty_tier="gold", date_of_birth="1940-01-17") == [
        {"loyalty_tier": "gold"}
    ]
    assert change(line, customer, date_of_birth="1950-01-17", marketing_consent=False) == []
    assert change(line, customer) == []


@pytest.mark.parametrize("nothing", [None, "", "  ", [], {}])
def test_what_became_empty_overwrites_nothing(line, nothing):
    customer = line.shop.add_customer(name="Ada Quill", email="ada@shop.example", loyalty_tier="gold")
    sync(line)

    assert change(line, customer, name=nothing, loyalty_tier=nothing) == []
    assert change(line, customer, name="Ada Quill", loyalty_tier="gold") == []

    assert profiles(line).user(customer).traits["loyalty_tier"] == "gold"


def nothings(value: Any) -> Iterator[Any]:
    """Every null, empty text and empty object, at any depth."""
    if isinstance(value, dict):
        yield from (value,) if not value else (each for one in value.values() for each in nothings(one))
    elif isinstance(value, list):
        yield from (each for one in value for each in nothings(one))
    elif value is None or value == "":
        yield value


def lived_in(ledger: Ledger, custom: list[str]) -> Iterator[Pipeline]:
    """A seeded store, synced before and after its people moved on."""
    people = ["customers", "account_members"]
    own = {"people": people, "identity": IDENTITY, "traits": {"custom": custom, "computed": True}}
    with pipeline(ledger, orders=30, **own) as line:
        sync(line)
        for number, customer in enumerate(line.shop.customer_ids()):
            line.shop.edit_customer(customer, **EDITS[number % len(EDITS)])
        move_on(line.shop, Random(3), 40)
        line.shop.advance(60)
        sync(line)
        yield line


@pytest.fixture
def strict_line(ledger: Ledger) -> Iterator[Pipeline]:
    yield from lived_in(ledger, [])


@pytest.fixture
def generous_line(ledger: Ledger) -> Iterator[Pipeline]:
    yield from lived_in(ledger, ["loyalty_tier"])


def test_no_trait_is_ever_told_as_nothing(generous_line):
    told = [message.get("traits", {}) for message in generous_line.messages()]
    told += [message.get("context", {}).get("traits", {}) for message in generous_line.messages()]

    assert sum(map(bool, told)) > 40
    assert [trait for traits in told if traits for trait in nothings(traits)] == []


def test_of_the_stores_own_fields_only_the_named_ones_leave(strict_line):
    sent = b"\n".join(one.raw for one in strict_line.segment.received())

    kept = Counter(name for person in strict_line.shop.customers() for name in OWN_FIELDS if person.get(name))
    assert min(kept[name] for name in OWN_FIELDS) > 0
    assert [name for name in OWN_FIELDS if name.encode() in sent] == []
    births = {person.get("date_of_birth") for person in strict_line.shop.customers()} - {None}
    assert [birth for birth in births if birth.encode() in sent] == []


def test_a_named_field_leaves_and_the_others_still_do_not(generous_line):
    sent = b"\n".join(one.raw for one in generous_line.segment.received())

    assert [name for name in OWN_FIELDS if name.encode() in sent] == ["loyalty_tier"]


def test_the_sum_of_what_was_told_is_what_the_store_knows(generous_line):
    """However often somebody changed: nothing is missing at the receiver, and nothing is out of date."""
    known = profiles(generous_line)

    for person in generous_line.shop.customers():
        traits = known.user(person["id"]).traits
        for name, field in (("name", "name"), ("loyalty_tier", "loyalty_tier"), ("email", "email")):
            if person[field]:
                assert traits[name] == person[field].strip(), orjson.dumps(person)
