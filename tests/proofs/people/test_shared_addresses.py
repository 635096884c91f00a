"""Two customers with one address are reported and stay two."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pipeline import Pipeline
from proofs.books import check_books
from proofs.people.shoppers import profiles, purchase, stores, sync

from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.erase import erase_person

SHARED = "us@shop.example"


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with stores(ledger, main={"traits": {"computed": True}}) as opened:
        yield opened["main"]


def couple(line: Pipeline, *, together: bool) -> list[str]:
    """Two customers, in one page or the one after the other; whose address it is comes first."""
    customers = []
    for spelling in (SHARED, SHARED.upper()):
        customers.append(line.shop.add_customer(email=spelling))
        purchase(line.shop, customers[-1])
        line.shop.advance(60)
        if not together:
            sync(line)
    sync(line)
    return sorted(customers) if together else customers


@pytest.mark.parametrize("together", [True, False])
def test_two_customers_with_one_address_are_reported_and_stay_two(line, together):
    owner, other = couple(line, together=together)

    assert line.ledger.people.conflicts() == [("main", "email", owner, other)]
    assert {frozenset(one.users) for one in profiles(line).all()} == {
        frozenset({each}) for each in (owner, other)
    }
    assert profiles(line).refused == []
    for each in (owner, other):
        assert profiles(line).user(each).traits["total_orders"] == 1


@pytest.mark.parametrize("together", [True, False])
def test_nobody_is_sent_along_with_an_address_that_is_another_ones(line, together):
    owner, other = couple(line, together=together)

    carried = {
        (m["userId"], m["anonymousId"]) for m in line.messages() if "anonymousId" in m and "userId" in m
    }

    assert [user for user, _ in carried] == [owner]
    assert other not in dict(carried)


def test_a_guest_under_a_shared_address_is_the_first_ones(line):
    owner, other = couple(line, together=False)
    purchase(line.shop, replace(line.shop.stranger("guest"), email=SHARED))
    line.shop.advance(60)

    sync(line)

    assert profiles(line).user(owner).traits["total_orders"] == 2
    assert profiles(line).user(other).traits["total_orders"] == 1


@pytest.mark.parametrize("first", [True, False])
def test_when_one_is_erased_the_other_is_told_of_as_before(line, first):
    couple_ = couple(line, together=False)
    gone, left = couple_ if first else reversed(couple_)

    erase_person(line.store(), gone, regulate=False)
    for each in (gone, left):
        line.shop.edit_customer(each, name="Wilhelmina Quist")
        purchase(line.shop, each)
    line.shop.advance(60)
    sync(line)

    assert profiles(line).user(left).traits["name"] == "Wilhelmina Quist"
    assert profiles(line).user(left).traits["total_orders"] == 2
    assert "Wilhelmina" not in str(profiles(line).user(gone).traits)
    assert line.ledger.people.conflicts() == []
    check_books(line.ledger)
