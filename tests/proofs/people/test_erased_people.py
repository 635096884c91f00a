"""Whoever is erased is gone, down to the bytes, and stays gone; nobody else notices."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pipeline import Pipeline
from proofs.books import check_books, deliveries
from proofs.people.eraser import Eraser
from proofs.people.remains import files, found, packed, packed_whole, rows, said, within
from proofs.people.shoppers import purchase, session, stores, sync

from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.waiting import Choice
from commerce_events.sandbox.catalogue import Person
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.erase import erase_person

EMAIL, NAME = "wilhelmina.quist@post.example", "Wilhelmina Quist"
STREET, PHONE = "7 Nightingale Mews", "+44 7700 900123"
WORDS = {EMAIL, NAME, "Wilhelmina", STREET, PHONE}
ADDRESS = {
    "first_name": "Wilhelmina",
    "last_name": "Quist",
    "line_1": STREET,
    "city": "Upton",
    "phone_number": PHONE,
    "country": "GB",
}
STORE = {"traits": {"computed": True, "custom": ["loyalty_tier"]}}


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with stores(ledger, main=STORE) as opened:
        yield opened["main"]


@pytest.fixture(scope="module")
def eraser() -> Iterator[Eraser]:
    parent = Eraser()
    yield parent
    parent.close()


def somebody(line: Pipeline) -> Person:
    """Nobody like her is anywhere else in the store."""
    return replace(line.shop.stranger("customer"), name=NAME, email=EMAIL, address=tuple(ADDRESS.items()))


def living(line: Pipeline) -> Person:
    """A customer with all that a ledger may hold: told, waiting, refused, broken, unreadable, as a guest."""
    person = somebody(line)
    guest = replace(person, kind="guest", email=EMAIL.upper())
    line.shop.add_customer(person, name=NAME)
    places = {"shipping_address": ADDRESS, "billing_address": ADDRESS}
    told = purchase(line.shop, person, **session("her-browser"), **places)
    purchase(line.shop, guest, **session("a-library"), **places)
    purchase(line.shop, guest, **places)
    sync(line)
    line.shop.put_raw({**line.shop.order(told), "id": "unread", "payment": 7}, line.shop.items(told))
    line.shop.touch("unread")
    line.shop.place_order(buyer=person, lines=(), **places)  # breaks the contract
    refused = purchase(line.shop, guest, **places)
    line.shop.advance(60)
    line.capture()
    line.segment.refuse(
        next(str(row.event_id) for row in deliveries(line.ledger) if row.record_id == refused)
    )
    with pytest.raises(AttentionError):
        line.deliver()
    line.shop.place_order(buyer=person, **places)
    line.shop.place_order(buyer=guest, **places)
    line.shop.advance(60)
    line.capture()
    return person


def bystander(line: Pipeline) -> str:
    order = purchase(line.shop, line.shop.add_customer(), **session("a-library"))
    line.shop.advance(60)
    return order


def statuses(line: Pipeline, *orders: str) -> set[tuple[str, str | None]]:
    return {
        (row.status, row.reason) for row in deliveries(line.ledger) if not orders or row.record_id in orders
    }


def reports(line: Pipeline) -> bytes:
    """All that a person at a terminal could be shown."""
    ledger = line.ledger
    told = [one for row in rows(ledger)["record"] for one in ledger.reports.of_record(*row[:3])]
    lists = (ledger.reports.by_message(), ledger.reports.open_rejects(), ledger.waiting.groups(Choice()))
    return said(*told, *lists, ledger.people.conflicts(), ledger.erasures.tombstones())


def test_every_trace_was_there_before(line):
    """Else there would be nothing to erase, and every search below would succeed."""
    living(line)

    assert {"pending", "accepted", "quarantined", "dead"} <= {status for status, _ in statuses(line)}
    assert found(line.ledger, WORDS) == WORDS
    assert rows(line.ledger)["reject"]
    assert within(reports(line), WORDS)


def test_nothing_of_an_erased_person_is_anywhere(line, caplog):
    caplog.set_level(logging.DEBUG)
    person = living(line)
    others = bystander(line)
    sync(line)
    hers = packed(line.ledger)

    outcome = erase_person(line.store(), person.customer_id)

    assert found(line.ledger, WORDS | {person.customer_id}) <= {person.customer_id}
    assert within(reports(line) + repr(outcome).encode(), WORDS) == set()
    left, kept = files(line.ledger), packed_whole(line.ledger)
    assert [piece for piece in hers if piece in left and piece not in kept] == []
    assert within(caplog.text.encode(), WORDS) == set()
    assert {"filtered", "accepted"} == {status for status, _ in statuses(line)}
    assert statuses(line, others) == {("accepted", None)}
    check_books(line.ledger)


def test_of_their_ids_only_the_names_of_their_records_stay(line):
    """By these the same facts are known again. Where a regulation is wanted, it keeps the userId as well."""
    person = living(line)

    erase_person(line.store(), person.customer_id, regulate=False)

    browsers = {"her-browser", "a-library"}
    assert found(line.ledger, browsers) == set()
    kept = {
        name
        for name, table in rows(line.ledger).items()
        if within(repr(table).encode(), {person.customer_id})
    }
    assert kept == {"record", "fact"}


def test_an_address_that_served_as_an_id_is_gone_too(ledger):
    with stores(ledger, main={**STORE, "identity": {"guest": "email", "link": "none"}}) as opened:
        line = opened["main"]
        purchase(line.shop, replace(somebody(line), kind="guest"), shipping_address=ADDRESS)
        line.shop.advance(60)
        sync(line)

        erase_person(line.store(), EMAIL, regulate=False)

        assert found(line.ledger, WORDS) == set()


def test_nothing_of_them_is_sent_again_through_whatever_happens_at_the_store(line):
    person = living(line)
    erase_person(line.store(), person.customer_id, regulate=False)
    held, sent = rows(line.ledger), len(line.segment.received())
    others = [bystander(line)]

    line.shop.edit_customer(person.customer_id, loyalty_tier="gold", name=f"{NAME} II")
    for order in line.shop.order_ids():
        if order != "unread" and order not in others:
            line.shop.touch(order)
    line.shop.touch("unread")
    purchase(line.shop, person, shipping_address=ADDRESS)
    purchase(line.shop, replace(person, kind="guest"), **session("another-browser"), shipping_address=ADDRESS)
    line.shop.advance(60)
    sync(line)
    assert found(line.ledger, WORDS) == set()
    erase_person(line.store(), person.customer_id, regulate=False)
    others.append(bystander(line))
    sync(line)

    fresh = b"\n".join(one.raw for one in line.segment.received()[sent:])
    assert within(fresh, {*WORDS, person.customer_id, "another-browser"}) == set()
    assert found(line.ledger, WORDS) == set()
    assert statuses(line, *others) == {("accepted", None)}
    assert len(rows(line.ledger)["tombstone"]) == len(held["tombstone"])
    check_books(line.ledger)


@pytest.mark.parametrize("met_before", [True, False])
def test_who_shares_a_browser_with_them_is_told_of_as_before(line, met_before):
    person, other = somebody(line), line.shop.add_customer()
    purchase(line.shop, person, **session("the-family-computer"))
    orders = [purchase(line.shop, other, **session("the-family-computer"))] if met_before else []
    sync(line)

    erase_person(line.store(), person.customer_id)
    orders.append(purchase(line.shop, other, **session("the-family-computer")))
    line.shop.advance(60)
    sync(line)

    assert statuses(line, *orders) == {("accepted", None)}
    check_books(line.ledger)


def filtered_as_erased(line: Pipeline, *orders: str) -> bool:
    return any(reason == "erased" for _, reason in statuses(line, *orders))


def test_guests_at_the_browser_of_somebody_erased_are_told_of(line):
    """A kiosk, or a family's computer."""
    customer = line.shop.add_customer()
    purchase(line.shop, customer, **session("kiosk"))
    sync(line)
    erase_person(line.store(), customer)

    theirs = purchase(line.shop, line.shop.stranger("guest"), **session("kiosk"))
    sync(line)

    assert not filtered_as_erased(line, theirs)


def test_a_guest_who_is_anonymised_at_the_store_takes_nobody_along(ledger):
    with stores(ledger, main={"erasure": {"on_anonymised": True}}) as opened:
        line = opened["main"]
        gone, other = line.shop.stranger("guest"), line.shop.stranger("guest")
        hers, his = (purchase(line.shop, each, **session("kiosk")) for each in (gone, other))
        line.shop.cancel(hers)
        sync(line)
        line.shop.anonymise(hers)
        sync(line)

        line.shop.refund(his, 3)
        elsewhere = purchase(line.shop, other)
        again = purchase(line.shop, gone)
        sync(line)

        assert not filtered_as_erased(line, his, elsewhere)
        assert filtered_as_erased(line, again)


def test_an_order_from_their_browser_with_another_customers_address_is_not_theirs(line):
    person, friend = somebody(line), line.shop.stranger("customer")
    purchase(line.shop, person, **session("the-family-computer"))
    line.shop.add_customer(friend)
    order = purchase(line.shop, replace(friend, kind="guest"), **session("the-family-computer"))
    line.shop.advance(60)
    sync(line)

    erase_person(line.store(), person.customer_id)

    assert [row.body for row in deliveries(line.ledger) if row.record_id == order and not row.body] == []
    check_books(line.ledger)


@pytest.mark.parametrize("link", ["alias", "none"])
def test_a_guest_without_an_account_can_be_erased_too(ledger, link):
    with stores(ledger, main={**STORE, "identity": {"link": link}}) as opened:
        line = opened["main"]
        guest = replace(somebody(line), kind="guest")
        for _ in range(2):
            purchase(line.shop, guest, shipping_address=ADDRESS)
        line.shop.advance(60)
        sync(line)
        [who] = {message["anonymousId"] for message in line.messages()}

        erase_person(line.store(), who, regulate=False)
        purchase(line.shop, replace(guest, email=EMAIL.title()), shipping_address=ADDRESS)
        line.shop.advance(60)
        sync(line)

        assert found(line.ledger, {*WORDS, who}) == set()
        assert len(line.messages()) == 4
        check_books(line.ledger)


@pytest.mark.parametrize("asked", [True, False])
def test_who_is_anonymised_at_the_store_is_erased_here_where_that_is_wanted(ledger, asked):
    with stores(ledger, main={**STORE, "erasure": {"on_anonymised": asked, "regulation": "none"}}) as opened:
        line = opened["main"]
        person = living(line)

        line.shop.anonymise_customer(person.customer_id)
        line.shop.advance(60)
        capture_changes(line.store(), "customers")

        assert found(line.ledger, WORDS) == (set() if asked else WORDS)
        check_books(line.ledger)


def test_an_erasure_that_dies_has_erased_all_or_nothing(line, eraser):
    person = living(line)
    before = rows(line.ledger)
    deaths = 0

    while eraser.erase(line.ledger, person.customer_id, dies_before=deaths + 1):
        deaths += 1
        now = rows(line.ledger)
        assert now == before or not within(repr(now).encode(), WORDS)
        assert (
            now == before
            or not line.ledger.erasures.holds("main", person.customer_id, b"a key for tests").records
        )

    assert deaths >= 12
    assert found(line.ledger, WORDS) == set()
    check_books(line.ledger)


def test_what_was_accepted_keeps_its_row_and_loses_its_content(line):
    person = living(line)
    accepted = {row.event_id for row in deliveries(line.ledger) if row.status == "accepted"}

    erase_person(line.store(), person.customer_id)

    kept: dict[Any, Any] = {row.event_id: row for row in deliveries(line.ledger)}
    assert {kept[each].status for each in accepted} == {"accepted"}
    assert [each for each in accepted if kept[each].body] == []
