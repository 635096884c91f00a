"""What costs a request of its own is asked for side by side, ahead, and once."""

import threading
import time
from collections import Counter

import pytest

from commerce_events.sources.elasticpath.paging import Limits
from commerce_events.steps.complete import AT_ONCE

ORDERS = 30


class Questions:
    """For transactions, each of which takes its time: how often each order's are asked for, and how many at
    once.
    """

    def __init__(self, line):
        self.asked = Counter()
        self.most = self._now = 0
        self._lock = threading.Lock()
        line.shop.on_request(self._hold)

    def _hold(self, request):
        if not request.path.endswith("/transactions"):
            return
        with self._lock:
            self.asked[request.path] += 1
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1


@pytest.fixture
def paid(line):
    for _ in range(ORDERS):
        line.shop.pay(line.shop.place_order(buyer="customer"))
    return line


@pytest.mark.parametrize("page", [10, 100])
@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_the_payments_of_a_page_are_asked_for_side_by_side_and_once(paid, page):
    paid.paging = Limits(page=page)
    questions = Questions(paid)

    paid.run()

    assert 5 < questions.most <= AT_ONCE
    assert set(questions.asked.values()) == {1}
    assert len(questions.asked) == ORDERS
    assert len(paid.messages("Order Completed")) == ORDERS


def test_what_has_not_changed_is_not_asked_for_again(paid):
    paid.shop.advance(10)
    paid.capture()
    questions = Questions(paid)

    paid.capture()

    assert questions.asked == {}


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_without_transactions_nothing_is_asked_for(paid):
    store = paid.settings.stores["main"].model_copy(update={"transactions": "never"})
    paid.settings = paid.settings.model_copy(update={"stores": {"main": store}})
    questions = Questions(paid)

    paid.capture()

    assert questions.asked == {}
