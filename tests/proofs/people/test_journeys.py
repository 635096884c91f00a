"""Shoppers on their way through a store: each is one person at the receiver, and no buyer is reminded."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pipeline import SETTINGS, Pipeline
from proofs.books import check_books
from proofs.people.profiles import Profile
from proofs.people.shoppers import browse, profiles, purchase, session, stores, sync

from commerce_events.ledger.ledger import Ledger

# What the databases do differently is tried by the other files of this folder.
pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)

IDENTITY = SETTINGS["stores"]["main"]["identity"]
LINKS = pytest.mark.parametrize("link", ["identify", "alias"])


def identity(**changes: str) -> dict[str, dict[str, str]]:
    return {"identity": {**IDENTITY, **changes}}


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with stores(ledger, main={}) as opened:
        yield opened["main"]


def only_profile(line: Pipeline, *orders: str) -> Profile:
    """The one person whom all of Segment's messages are about; all of these orders are theirs, and bought."""
    check_books(line.ledger)
    known = profiles(line)
    [profile] = known.all()
    assert known.abandoned() == []
    for event in ("Checkout Started", "Order Completed"):
        assert {one["properties"].get("order_id") for one in profile.tracks(event)} - {None} == set(orders)
    return profile


def test_browsing_then_an_address_then_buying_as_a_guest(line):
    guest = line.shop.stranger("guest")
    browse(line.segment, "browser-1", "Product Viewed", "Checkout Started")
    browse(line.segment, "browser-1", traits={"email": guest.email})
    order = purchase(line.shop, guest, **session("browser-1"))

    sync(line)

    profile = only_profile(line, order)
    assert profile.traits["email"] == guest.email
    assert len(profile.events) == 4


def test_the_address_may_come_long_after_the_purchase(line):
    order = purchase(line.shop, "guest", **session("browser-1"))
    sync(line)

    browse(line.segment, "browser-1", traits={"email": "ada@shop.example"})

    assert only_profile(line, order).traits["email"] == "ada@shop.example"


def test_buying_logged_in_on_a_second_device(line):
    customer = line.shop.add_customer()
    browse(line.segment, "phone", "Product Viewed", "Checkout Started")
    first = purchase(line.shop, customer, **session("phone"))
    sync(line)
    browse(line.segment, "laptop", "Product Viewed", "Checkout Started")
    line.shop.advance(600)
    second = purchase(line.shop, customer, **session("laptop"))

    sync(line)

    profile = only_profile(line, first, second)
    assert profile.ids == {("user", customer), ("anonymous", "phone"), ("anonymous", "laptop")} | {
        each for each in profile.ids if len(each[1]) == 32
    }


@LINKS
@pytest.mark.parametrize("browsers", [(None, None), ("browser-1", "browser-2")])
@pytest.mark.parametrize("synced_between", [True, False])
def test_a_guest_who_becomes_a_customer(ledger, link, browsers, synced_between):
    with stores(ledger, main=identity(link=link)) as opened:
        line = opened["main"]
        guest = line.shop.stranger("guest")
        shouting = replace(guest, email=f" {guest.email.upper()}")
        orders = {
            purchase(line.shop, each, **(session(browser) if browser else {}))
            for each, browser in zip((guest, shouting), browsers, strict=True)
        }
        if synced_between:
            sync(line)
            line.shop.advance(600)
        customer = line.shop.add_customer(replace(guest, email=guest.email.capitalize()))
        orders.add(purchase(line.shop, customer))

        sync(line)

        assert only_profile(line, *orders).users == {customer}


def test_a_guest_called_by_their_address_who_becomes_a_customer(ledger):
    with stores(ledger, main=identity(guest="email", link="alias")) as opened:
        line = opened["main"]
        guest = line.shop.stranger("guest")
        orders = {purchase(line.shop, guest)}
        sync(line)
        customer = line.shop.add_customer(replace(guest, email=guest.email.upper()))
        orders.add(purchase(line.shop, customer))

        sync(line)

        assert only_profile(line, *orders).users == {customer, guest.email}
        assert line.ledger.people.conflicts() == []


def test_without_a_link_the_guest_and_the_customer_stay_two(ledger):
    with stores(ledger, main=identity(link="none")) as opened:
        line = opened["main"]
        guest = line.shop.stranger("guest")
        purchase(line.shop, guest)
        purchase(line.shop, line.shop.add_customer(guest))

        sync(line)

        assert len(profiles(line).all()) == 2
        assert profiles(line).abandoned() == []


@LINKS
@pytest.mark.parametrize("browser", [None, "browser-1"])
def test_a_customer_who_forgets_to_log_in(ledger, link, browser):
    with stores(ledger, main=identity(link=link)) as opened:
        line = opened["main"]
        person = line.shop.stranger("guest")
        customer = line.shop.add_customer(person)
        sync(line)
        order = purchase(line.shop, replace(person, email=person.email.upper()), **session(browser or ""))

        sync(line)

        assert only_profile(line, order).users == {customer}


def test_a_changed_address_makes_no_second_person(line):
    customer = line.shop.add_customer(email="old@shop.example")
    first = purchase(line.shop, customer)
    sync(line)
    line.shop.advance(600)
    line.shop.edit_customer(customer, email="new@shop.example")
    second = purchase(line.shop, customer)

    sync(line)

    assert only_profile(line, first, second).traits["email"] == "new@shop.example"


@LINKS
def test_orders_under_the_old_and_under_the_new_address_are_one_persons(ledger, link):
    with stores(ledger, main=identity(link=link)) as opened:
        line = opened["main"]
        old = line.shop.stranger("guest")
        new = replace(old, email="new@shop.example")
        customer = line.shop.add_customer(old)
        orders = {purchase(line.shop, old)}
        sync(line)
        line.shop.advance(600)
        line.shop.edit_customer(customer, email=new.email)
        orders |= {purchase(line.shop, new), purchase(line.shop, old)}

        sync(line)

        assert only_profile(line, *orders).users == {customer}


def relay(line: Pipeline, browsers: tuple[str, str]) -> tuple[str, str, str]:
    """A guest behind Apple's relay, who is also a customer under their own address."""
    person = line.shop.stranger("guest")
    hidden = replace(person, email="7kq2x9@privaterelay.appleid.com")
    as_guest = purchase(line.shop, hidden, **session(browsers[0]))
    customer = line.shop.add_customer(person)
    as_customer = purchase(line.shop, customer, **session(browsers[1]))
    sync(line)
    return customer, as_guest, as_customer


def test_an_address_behind_a_relay_is_another_persons_as_far_as_anybody_can_tell(line):
    """The relay is there so that nobody can tell; to guess by name or street would merge households."""
    customer, as_guest, as_customer = relay(line, ("browser-1", "browser-2"))

    known = profiles(line)
    assert len(known.all()) == 2
    assert known.holding(as_customer) == [known.user(customer)]
    assert known.holding(as_guest) != [known.user(customer)]
    assert known.abandoned() == []


def test_the_browser_tells_who_is_behind_a_relay(line):
    customer, as_guest, as_customer = relay(line, ("browser-1", "browser-1"))

    assert only_profile(line, as_guest, as_customer).users == {customer}


def test_a_member_of_an_account_is_the_member_and_not_the_customer(ledger):
    with stores(ledger, main={"people": ["account_members"]}) as opened:
        line = opened["main"]
        buyer = line.shop.stranger("account")
        customer = {"data": {"type": "customer", "id": line.shop.add_customer(buyer)}}
        order = purchase(line.shop, buyer, **session("browser-1"))
        line.shop.edit(order, relationships={"customer": customer})

        sync(line)

        assert only_profile(line, order).users == {buyer.member_id}


def test_two_stores_tell_one_receiver_of_one_customer(ledger):
    """Stores that share customers: every message has an id of its own, and all are about one person."""
    with stores(ledger, de={}, uk={}) as opened:
        person = opened["de"].shop.stranger("customer")
        orders = {purchase(line.shop, person) for line in opened.values()}

        for name, line in opened.items():
            sync(line, name=name)

        profile = only_profile(opened["de"], *orders)
        assert profile.users == {person.customer_id}
        assert len(opened["de"].messages()) == 8


def test_a_guest_of_one_store_who_is_a_customer_of_the_other(ledger):
    with stores(ledger, de={}, uk={}) as opened:
        guest = opened["de"].shop.stranger("guest")
        as_guest = purchase(opened["de"].shop, guest)
        customer = opened["uk"].shop.add_customer(guest)
        as_customer = purchase(opened["uk"].shop, customer)

        for name, line in opened.items():
            sync(line, name=name)

        assert only_profile(opened["de"], as_guest, as_customer).users == {customer}


def test_customers_of_two_stores_with_one_address_stay_two(ledger):
    """Each has an id of its own, and no receiver may give one person two. Who came first has the address."""
    with stores(ledger, de={}, uk={}) as opened:
        people = [line.shop.stranger("customer") for line in opened.values()]
        customers = [
            line.shop.add_customer(replace(person, email="ada@shop.example"))
            for line, person in zip(opened.values(), people, strict=True)
        ]
        for customer, (name, line) in zip(customers, opened.items(), strict=True):
            purchase(line.shop, customer)
            sync(line, name=name)

        known = profiles(opened["de"])
        assert [profile.users for profile in known.all()] == [{each} for each in customers]
        assert known.abandoned() == []
