"""The people behind seeded orders, and some more: records of the past for the lists of people."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from commerce_events.sandbox.catalogue import Person
from commerce_events.sandbox.orders import Held
from commerce_events.sandbox.peoplebook import PeopleBook
from commerce_events.sandbox.seeding import DAYS

SPELLINGS = (str.upper, str.capitalize, str.title)


def enrol_buyers(
    book: PeopleBook, dice: Random, people: Iterable[Person], orders: Iterable[Held], now: datetime
) -> None:
    """Customers and members with orders were there at their first; some guests became customers since."""
    first = _first_orders(orders)
    for number, person in enumerate(people):
        email = person.email.lower()
        match person.kind:
            case "customer" if person.customer_id in first:
                at = first[person.customer_id] - timedelta(days=dice.choice((0, 0, 3, 200)))
                book.add_customer(person, at=at)
                if dice.random() < 0.4:
                    book.add_address(person.customer_id)
            case "account" if person.member_id in first:
                at = first[person.member_id] - timedelta(days=dice.choice((0, 3, 200)))
                book.add_account_member(person, at=at)
            case "guest" if email in first and number % 3 == 1:
                spelled = replace(person, email=dice.choice(SPELLINGS)(email))
                since = (now - first[email]).total_seconds()
                book.add_customer(spelled, at=first[email] + timedelta(seconds=since * dice.random()))


def enrol_visitors(book: PeopleBook, dice: Random, customers: int, members: int, now: datetime) -> None:
    """Who never ordered. They came in imports: many share a second."""
    for number in range(max(customers, members)):
        if number % 7 == 0:
            at = now - timedelta(seconds=dice.randrange(DAYS * 86_400))
        if number < customers:
            book.add_customer(at=at)
        if number < members:
            book.add_account_member(at=at)


def _first_orders(orders: Iterable[Held]) -> dict[str, datetime]:
    """By customer id, member id, or a guest's e-mail."""
    first: dict[str, datetime] = {}
    for held in orders:
        at = datetime.fromisoformat(held.document["meta"]["timestamps"]["created_at"])
        related = held.document["relationships"]
        owners = [related[name]["data"]["id"] for name in ("customer", "account_member") if name in related]
        for key in owners or [held.document.get("customer", {}).get("email", "").strip().lower()]:
            first[key] = min(at, first.get(key, at))
    return first
