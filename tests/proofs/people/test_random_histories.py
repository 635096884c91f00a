"""What somebody's orders come to is told exactly, through whatever order and repetition they arrive."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pipeline import Pipeline
from proofs.books import deliveries
from proofs.people.histories import LIFE, NUMBERS, Lives, Shopper, expected, first_of
from proofs.people.profiles import Profiles
from proofs.people.shoppers import stores

from commerce_events.domain.records import Record
from commerce_events.domain.traits import COMPUTED
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.profiles import tell_profiles
from commerce_events.steps.record import record_all
from commerce_events.steps.store import OpenStore

TOGETHER = 20  # shoppers in a store at a time
SILENT = {
    f"order_{kind}": {"enabled": False} for kind in ("completed", "updated", "refunded", "cancelled")
} | {"checkout_started": {"enabled": False}}
QUICK = settings(
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
    deadline=None,
    phases=[Phase.generate],
    database=None,
)


@pytest.fixture
def telling_line(ledger: Ledger) -> Iterator[Pipeline]:
    told = {**SILENT, "order_completed": {"enabled": True}}
    with stores(ledger, main={"traits": {"computed": True}, "trackings": told}) as opened:
        yield opened["main"]


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with stores(ledger, main={"traits": {"computed": True}, "trackings": SILENT}) as opened:
        yield opened["main"]


def open_store(line: Pipeline, shoppers: Sequence[Shopper]) -> OpenStore:
    """A store whose past is known, with nobody in it but these."""
    store = replace(line.store(), source=Lives(shoppers))
    store.ledger.charter.note_past("main", "a test says so")
    return store


def lives(histories: list[list[Any]]) -> list[Shopper]:
    return [Shopper(next(NUMBERS)).live(steps) for steps in histories]


def arrivals(shoppers: Sequence[Shopper], dice: Random) -> list[list[Record]]:
    """Every look in pages of one stream: orders in any order and some again, customers as they changed."""
    looks = [each for one in shoppers for each in one.looks]
    orders = [each for each in looks if each.stream == "orders"]
    orders += [each for each in orders if dice.random() < 0.3]
    dice.shuffle(orders)
    customers = [each for each in looks if each.stream == "customers"]
    pages = []
    while orders or customers:
        kind = customers if not orders or (customers and dice.random() < 0.2) else orders
        taken, kind[:] = kind[: (size := dice.choice((1, 9, 40)))], kind[size:]
        pages.append(list({(each.id, each.updated_at): each for each in taken}.values()))
    return [one for page in pages for one in without_repeats(page)]


def without_repeats(page: list[Record]) -> list[list[Record]]:
    """No page of a store shows a record twice."""
    first = list({each.id: each for each in reversed(page)}.values())
    rest = [each for each in page if all(each is not one for one in first)]
    return [first, *without_repeats(rest)] if rest else [first]


def told(line: Pipeline, users: set[str]) -> Profiles:
    """What Segment would hold of these people once all is sent."""
    profiles = Profiles()
    for row in sorted(deliveries(line.ledger), key=lambda row: row.seq):
        message = orjson.loads(row.body) if row.body else {}
        if message.get("userId") in users:
            profiles.take(message)
    return profiles


def computed(profiles: Profiles, user: str) -> dict[str, Any]:
    return {name: value for name, value in profiles.user(user).traits.items() if name in COMPUTED}


@settings(QUICK, max_examples=25)
@given(st.lists(LIFE, min_size=TOGETHER, max_size=TOGETHER), st.integers(0, 2**32))
def test_traits_are_those_of_the_orders_as_they_stand_however_they_came(line, histories, seed):
    shoppers, dice = lives(histories), Random(seed)
    store = open_store(line, shoppers)

    for page in arrivals(shoppers, dice):
        record_all(store, page[0].stream, page)
        if dice.random() < 0.3:
            tell_profiles(store)
    tell_profiles(store)

    customers = {each.user: each for each in shoppers if each.registered}
    known = told(line, set(customers))
    for user, shopper in customers.items():
        bought = shopper.bought()
        found = computed(known, user)
        wanted = expected(bought) if bought else {}
        assert {name: found.get(name) for name in wanted} == wanted
        assert bought or not found


@settings(QUICK, max_examples=10)
@given(st.lists(LIFE, min_size=6, max_size=6))
def test_a_first_order_is_told_as_one(telling_line, histories):
    """As far as it was known then: somebody may turn out to be an old customer."""
    shoppers = lives(histories)
    store = open_store(telling_line, shoppers)
    flags: dict[str, bool] = {}

    for shopper in shoppers:
        for place, look in enumerate(shopper.looks, 1):
            record_all(store, look.stream, [look])
            if look.stream == "orders" and look.order.payment == "paid" and look.id not in flags:
                known = shopper.after(shopper.looks[:place])
                flags[look.id] = first_of(known.bought_with(look.id)) == look.id

    found = {
        message["properties"]["order_id"]: message["properties"]["is_first_order"]
        for row in deliveries(telling_line.ledger)
        if row.body and (message := orjson.loads(row.body)).get("event") == "Order Completed"
    }
    assert {order: found[order] for order in flags} == flags
