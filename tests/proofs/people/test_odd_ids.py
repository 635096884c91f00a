"""What a shopper's side may write into a shop's own fields as an id: it stops nothing, and is nobody's id."""

from typing import Any

import pytest
from pipeline import pipeline
from proofs.books import check_books
from proofs.people.shoppers import session

from commerce_events.ledger.ledger import Ledger


@pytest.mark.parametrize("browser", ["s" * 201, "abc\x00def", "a\nb"], ids=["long", "NUL", "line"])
def test_a_browsers_odd_id_is_none_and_its_guest_goes_by_their_address(ledger: Ledger, browser: str) -> None:
    with pipeline(ledger) as line:
        line.shop.pay(line.shop.place_order(buyer="guest"))
        line.shop.pay(line.shop.place_order(buyer="guest", **session(browser)))
        line.run()

        ids = [message["anonymousId"] for message in line.messages("Order Completed")]
        assert [len(each) for each in ids] == [32, 32]
        check_books(ledger)


def test_of_an_address_too_long_for_an_id_the_messages_wait(ledger: Ledger) -> None:
    address = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 20}.example"  # a good one
    who: dict[str, Any] = {"name": "Ann", "email": address}
    with pipeline(ledger, identity={"guest": "email", "link": "none"}) as line:
        line.shop.pay(line.shop.place_order(buyer="guest", customer=who))
        line.shop.pay(line.shop.place_order(buyer="guest"))
        line.run()

        assert line.statuses() == {"quarantined": 2, "accepted": 2}
        check_books(ledger)


@pytest.mark.parametrize("odd", ["o" * 201, "o\x00o"], ids=["long", "NUL"])
def test_a_record_of_an_odd_id_is_a_reject(ledger: Ledger, odd: str) -> None:
    with pipeline(ledger) as line:
        order = line.shop.place_order(buyer="guest")
        line.shop.put_raw(line.shop.order(order) | {"id": odd}, items=[], transactions=[])
        line.run()

        assert [reason for *_, reason, _ in ledger.reports.open_rejects()] == ["bad_id"]
        assert len(line.messages("Checkout Started")) == 1
