"""Whom a message is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orders import look, order

from commerce_events.domain.identity import Identity, IdentityPolicy, identify, normal_email
from commerce_events.domain.ids import LANES, lane_of
from commerce_events.domain.records import Buyer

KEY = b"key"
POLICY = IdentityPolicy()


def identity_of(policy: IdentityPolicy = POLICY, key: bytes = KEY, **buyer: str) -> Identity:
    return identify(look(order(buyer=Buyer(**buyer))), policy, key)


def test_the_account_member_is_preferred_to_the_customer():
    assert identity_of(customer_id="c", account_member_id="m").user_id == "m"
    assert identity_of(customer_id="c").user_id == "c"


def test_the_order_of_preference_is_the_stores():
    policy = IdentityPolicy(prefer=("customer", "account"))

    assert identity_of(policy, customer_id="c", account_member_id="m").user_id == "c"
    assert identity_of(policy, account_id="a", account_member_id="m").user_id == "a"


def test_a_known_customer_brings_the_browsers_id_along():
    assert identity_of(customer_id="c", anonymous_id="session") == Identity("c", "session")


def test_a_guest_is_the_browsers_id_else_a_hash_of_the_address():
    assert identity_of(email="a@b.example", anonymous_id="session") == Identity(None, "session")
    hashed = identity_of(email="a@b.example")
    assert hashed.user_id is None
    assert hashed.anonymous_id is not None
    assert "a@b" not in hashed.anonymous_id


def test_a_guests_hash_needs_the_key():
    assert identity_of(email="a@b.example") != identity_of(email="a@b.example", key=b"other")


@pytest.mark.parametrize("spelling", ["Ann@Shop.Example", "  ann@shop.example ", "ANN@SHOP.EXAMPLE"])
def test_one_address_is_one_guest_however_it_is_spelt(spelling):
    assert identity_of(email=spelling) == identity_of(email="ann@shop.example")


def test_an_address_is_an_id_only_where_somebody_chose_so():
    assert identity_of(IdentityPolicy(guest="email"), email="Ann@Shop.Example").user_id == "ann@shop.example"
    assert identity_of(IdentityPolicy(guest="browser"), email="ann@shop.example") == Identity()


def test_a_guest_without_anything_has_no_identity():
    assert identity_of().person is None


def test_an_anonymised_order_points_at_nobody():
    buyer = Buyer(customer_id="c", account_member_id="m", email="a@b.example", anonymous_id="session")

    found = identify(look(order(buyer=buyer, anonymised=True)), POLICY, KEY)

    assert found.user_id is None
    assert found.anonymous_id not in (None, "session")


@given(st.emails())
def test_a_normal_address_stays_as_it_is(email):
    assert normal_email(normal_email(email)) == normal_email(email)


@given(st.text(min_size=1))
def test_a_person_has_one_of_the_lanes_for_ever(person):
    assert lane_of(person) == lane_of(person)
    assert 0 <= lane_of(person) < LANES
