"""Two captures that met the same order at different times: the later look counts, whoever writes first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from proofs.books import check_arrivals, check_books, deliveries
from proofs.truth import refunded

WAIT = 20.0


@pytest.fixture
def two_orders(line):
    """Two paid orders: of the first all is known before anything is asked about the second."""
    first, second = line.shop.place_order(currency="USD"), line.shop.place_order(currency="USD")
    line.shop.pay(second)
    line.shop.advance(600)
    return first, second


class Stalls:
    """Holds the n-th request for an order's transactions until it is let go."""

    def __init__(self, shop, order):
        self.path = f"/v2/orders/{order}/transactions"
        self.reached, self.go_on = [Event(), Event()], [Event(), Event()]
        self.seen = 0
        shop.on_request(self.stall)

    def stall(self, request):
        if request.path != self.path or self.seen >= len(self.reached):
            return
        place, self.seen = self.seen, self.seen + 1
        self.reached[place].set()
        assert self.go_on[place].wait(WAIT)


def kinds(line, order):
    return {row.kind for row in deliveries(line.ledger) if row.record_id == order}


def test_a_capture_that_is_overtaken_writes_nothing_of_what_it_saw_before(line, two_orders):
    """Else its old state would stand, and what the other told would be told again with the next change."""
    order, second = two_orders
    line.shop.pay(order)
    line.shop.refund(order, 5)
    line.shop.advance(600)
    stalls = Stalls(line.shop, second)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(line.capture)
        assert stalls.reached[0].wait(WAIT)  # it knows of the first refund
        line.shop.refund(order, 7)
        line.shop.advance(600)
        stalls.go_on[1].set()
        line.capture()
        stalls.go_on[0].set()
        slow.result()
    line.shop.refund(order, 11)
    line.run()

    assert refunded(line.messages("Order Refunded")) == {order: 23}
    check_books(line.ledger)
    check_arrivals(line)


def test_a_capture_that_loses_a_race_with_an_older_look_judges_its_own_look_again(line, two_orders):
    order, second = two_orders
    stalls = Stalls(line.shop, second)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(line.capture)
        assert stalls.reached[0].wait(WAIT)  # it saw the order unpaid
        line.shop.pay(order)
        line.shop.advance(600)
        newer = pool.submit(line.capture)
        assert stalls.reached[1].wait(WAIT)  # it saw the order paid
        stalls.go_on[0].set()
        slow.result()
        assert kinds(line, order) == {"checkout_started"}
        stalls.go_on[1].set()
        newer.result()

    assert kinds(line, order) == {"checkout_started", "order_completed"}
    check_books(line.ledger)
