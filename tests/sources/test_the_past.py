"""Whether a store holds anything from before a time: what a scan from there cannot have read."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from elastic_path import LONG_AGO, NOW

from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathSource

LATER = NOW + timedelta(minutes=10)
ADD: dict[str, Callable[[ElasticPathStandIn], object]] = {
    "orders": ElasticPathStandIn.place_order,
    "customers": ElasticPathStandIn.add_customer,
    "account_members": ElasticPathStandIn.add_account_member,
}


@pytest.fixture(params=[False, True], ids=["by second", "by day"])
def shop(store: ElasticPathStandIn, request: pytest.FixtureRequest) -> ElasticPathStandIn:
    store.habits.day_granularity = request.param
    return store


@pytest.mark.parametrize("stream", ADD)
def test_an_empty_store_has_no_past(shop: ElasticPathStandIn, source: ElasticPathSource, stream: str) -> None:
    assert not source.anything_before(LATER, stream)


@pytest.mark.parametrize("stream", ADD)
def test_one_request_tells_whether_the_oldest_record_is_older(
    shop: ElasticPathStandIn, source: ElasticPathSource, stream: str
) -> None:
    ADD[stream](shop)
    shop.advance(3_600)
    ADD[stream](shop)
    source.anything_before(NOW, stream)  # asks for a token as well
    asked = shop.requests.total

    assert source.anything_before(LATER, stream)
    assert shop.requests.total == asked + 1
    assert not source.anything_before(NOW, stream)
    assert not source.anything_before(LONG_AGO, stream)


def test_a_change_since_does_not_take_an_order_out_of_the_past(
    shop: ElasticPathStandIn, source: ElasticPathSource
) -> None:
    order_id = shop.place_order()
    shop.advance(3_600)
    shop.touch(order_id)

    assert source.anything_before(LATER, "orders")
