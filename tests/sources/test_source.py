"""The Elastic Path source against a store on loopback: all that changed, however the store behaves."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
import requests
from elastic_path import LONG_AGO, NOW, RULES

from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.records import LineKind, Record, Reject
from commerce_events.sandbox import faults
from commerce_events.sandbox.activity import move_on
from commerce_events.sandbox.lines import Line
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathClient, ElasticPathSource
from commerce_events.sources.elasticpath.nodes import parse_moment
from commerce_events.sources.elasticpath.paging import Limits
from commerce_events.sources.source import Rules, Source

ReadAll = Callable[..., Any]


def counted(records: list[Record]) -> Counter[str]:
    return Counter(record.id for record in records)


def test_the_source_is_a_source(source: ElasticPathSource) -> None:
    fits: Source = source

    assert fits is source


def by_id(records: list[Record]) -> dict[str, Record]:
    return {record.id: record for record in records}


@pytest.mark.parametrize("stable_ties", [True, False])
def test_every_order_is_read_once(
    store: ElasticPathStandIn, source: ElasticPathSource, read_all: ReadAll, stable_ties: bool
) -> None:
    store.habits.stable_ties = stable_ties
    for _ in range(250):
        store.place_order()
        store.advance(0.4)

    records, rejects, _pages = read_all(source)

    assert counted(records) == Counter(store.order_ids())
    assert rejects == []


def test_the_question_is_the_documented_one(
    store: ElasticPathStandIn, source: ElasticPathSource, read_all: ReadAll
) -> None:
    read_all(source, NOW)

    asked = parse_qs(store.requests.recent[-1].query)
    assert asked == {
        "filter": [f'ge(updated_at,"{NOW:%Y-%m-%dT%H:%M:%SZ}")'],
        "sort": ["created_at"],
        "include": ["items"],
        "page[limit]": ["100"],
        "page[offset]": ["0"],
    }
    assert '"' not in store.requests.recent[-1].query


def test_an_empty_store_yields_one_page_with_its_time(source: ElasticPathSource, read_all: ReadAll) -> None:
    _records, _rejects, pages = read_all(source)

    assert [(len(page.records), page.served_at) for page in pages] == [(0, NOW)]


def test_an_unknown_stream_is_named(source: ElasticPathSource) -> None:
    with pytest.raises(ConfigurationError, match="no stream 'baskets'"):
        next(source.changed_since(NOW, "baskets"))


def test_only_what_changed_since_is_read(
    store: ElasticPathStandIn, source: ElasticPathSource, read_all: ReadAll
) -> None:
    old, changed = store.place_order(), store.place_order()
    store.advance(3_600)
    store.touch(changed)

    records, _rejects, _pages = read_all(source, NOW + timedelta(seconds=1))

    assert [record.id for record in records] == [changed]
    assert old != changed


def test_a_store_that_filters_by_day_is_read_just_as_exactly(
    store: ElasticPathStandIn, make_source: Callable[..., ElasticPathSource], read_all: ReadAll
) -> None:
    store.habits.day_granularity = True
    for _ in range(120):
        store.place_order()
        store.advance(Random(1).choice((0, 0, 900)))
    start = NOW + timedelta(hours=2)
    expected = {
        one["id"]
        for one in store.orders()
        if one["meta"]["timestamps"]["updated_at"] >= f"{start:%Y-%m-%dT%H:%M:%SZ}"
    }

    records, _rejects, _pages = read_all(make_source(store, limits=Limits(page=7)), start)

    assert set(counted(records)) == expected


def test_a_crowded_second_is_read_completely(
    store: ElasticPathStandIn, make_source: Callable[..., ElasticPathSource], read_all: ReadAll
) -> None:
    for number in range(120):
        store.place_order()
        if number in (20, 100):
            store.advance(1)

    records, _rejects, _pages = read_all(make_source(store, limits=Limits(page=10, wall=100)))

    assert counted(records) == Counter(store.order_ids())


def test_more_orders_than_the_store_shows_of_one_result_are_read(
    make_source: Callable[..., ElasticPathSource], read_all: ReadAll
) -> None:
    with ElasticPathStandIn(seed=3, orders=300, now=NOW) as store:
        source = make_source(store, limits=Limits(page=20, wall=100))

        records, _rejects, _pages = read_all(source)

        assert counted(records) == Counter(store.order_ids())


@pytest.mark.parametrize("seed", range(12))
def test_orders_that_change_while_they_are_read_are_met_now_or_by_the_next_scan(
    make_source: Callable[..., ElasticPathSource], read_all: ReadAll, seed: int
) -> None:
    with ElasticPathStandIn(seed=seed, orders=120, now=NOW) as store:
        dice = Random(seed)
        still: list[bool] = []
        store.on_request(lambda _request: None if still else (move_on(store, dice, 3), store.advance(1)))
        source = make_source(store, limits=Limits(page=20))

        records, _rejects, pages = read_all(source)
        still.append(True)
        again, _rejects, _pages = read_all(source, pages[0].served_at - timedelta(seconds=120))

        latest = {record.id: record.updated_at for record in records + again}
        assert latest == {one["id"]: moment(one) for one in store.orders()}


def moment(order: dict[str, Any]) -> Any:
    return parse_moment(order["meta"]["timestamps"]["updated_at"])


def test_a_fifth_of_all_requests_may_fail(read_all: ReadAll) -> None:
    with ElasticPathStandIn(seed=5, orders=600, now=NOW) as store:
        store.faults.mix(0.2, seed=5, faults=faults.retryable(stall=0.02))
        client = ElasticPathClient(
            requests.Session(), store.url, store.client_id, store.client_secret,
            requests_per_second=1e6, timeout=(1.0, 1.0), sleep=lambda _seconds: None,
        )  # fmt: skip

        records, rejects, _pages = read_all(ElasticPathSource(client, RULES, Limits(page=20)))

        assert counted(records) == Counter(store.order_ids())
        assert rejects == []
        assert store.faults.drawn.total() > 5


def test_a_scan_resumes_behind_any_page(
    make_source: Callable[..., ElasticPathSource], read_all: ReadAll
) -> None:
    with ElasticPathStandIn(seed=9, orders=150, now=NOW) as store:
        source = make_source(store, limits=Limits(page=20))
        _records, _rejects, pages = read_all(source)

        for stop, page in enumerate(pages):
            before = [record for one in pages[: stop + 1] for record in one.records]
            after, _rejects, _pages = read_all(source, LONG_AGO, page.cursor)
            assert set(counted(before + after)) == set(store.order_ids())


@pytest.mark.parametrize("most", [0, 1, 30])
def test_items_that_a_page_leaves_out_are_fetched(
    make_source: Callable[..., ElasticPathSource], read_all: ReadAll, most: int
) -> None:
    with ElasticPathStandIn(seed=2, orders=40, now=NOW) as store:
        whole, _rejects, _pages = read_all(make_source(store))
        store.habits.max_included = most

        records, _rejects, _pages = read_all(make_source(store))

        assert by_id(records) == by_id(whole)
        assert store.requests.counts["GET /v2/orders/{id}/items"] > 5


def test_an_order_is_the_same_read_by_list_and_by_id(
    make_source: Callable[..., ElasticPathSource], read_all: ReadAll
) -> None:
    with ElasticPathStandIn(seed=4, orders=80, now=NOW) as store:
        source = make_source(store)
        records, _rejects, _pages = read_all(source)

        assert records
        for record in records:
            complete = source.complete(record)
            assert complete == source.read("orders", record.id)
            assert isinstance(complete, Record)
            assert complete.digest == record.digest


def test_product_lines_add_up_to_the_revenue(
    make_source: Callable[..., ElasticPathSource], read_all: ReadAll
) -> None:
    with ElasticPathStandIn(seed=6, orders=300, now=NOW) as store:
        records, _rejects, _pages = read_all(make_source(store))

        told = [r for r in records if "shipping" in r.document["data"]["meta"]["display_price"]]
        assert len(told) > 200
        for record in told:
            products = [line.value for line in record.order.lines if line.kind is LineKind.PRODUCT]
            assert sum(products) == record.order.revenue


def test_transactions_are_asked_for_by_the_stores_policy(
    store: ElasticPathStandIn, make_source: Callable[..., ElasticPathSource], read_all: ReadAll
) -> None:
    for steps in ((), ("pay",), ("pay", "refund"), ("pay_part",), ("authorise",), ("pay", "cancel")):
        order_id = store.place_order(lines=(Line("Kettle", "KETTLE", 4_000),))
        for step in steps:
            store.take_step(order_id, step)

    def asked(payments: set[str]) -> Counter[str]:
        source = make_source(store, rules=replace(RULES, payments_with_transactions=frozenset(payments)))
        complete = [source.complete(record) for record in read_all(source)[0]]
        return Counter(one.order.payment for one in complete if one.order.refunded is not None)

    assert asked({"paid", "refunded", "partially_paid"}) == {"paid": 2, "refunded": 1, "partially_paid": 1}
    assert asked({"refunded"}) == {"refunded": 1}
    assert asked(set()) == {}


def test_refunds_add_up_and_the_payments_time_outlives_them(
    store: ElasticPathStandIn, source: ElasticPathSource
) -> None:
    order_id = store.place_order(currency="USD")
    store.advance(60)
    store.pay(order_id)
    paid = read(source, order_id)
    store.advance(86_400)
    store.refund(order_id, 100)
    store.advance(3_600)
    store.refund(order_id, 150)
    partly = read(source, order_id)
    store.refund(order_id)
    fully = read(source, order_id)

    assert paid.order.refunded == 0
    assert paid.order.refunded_at is None
    assert partly.order.refunded == 250
    assert partly.order.refunded_at == NOW + timedelta(seconds=60 + 86_400 + 3_600)
    assert fully.order.refunded == fully.order.total
    assert {record.order.paid_at for record in (paid, partly, fully)} == {NOW + timedelta(seconds=60)}


def test_an_unknown_order_is_a_reject(source: ElasticPathSource) -> None:
    found = source.read("orders", "no/such order")

    assert isinstance(found, Reject)
    assert (found.record_id, found.reason) == ("no/such order", "not_found")


def test_one_bad_record_does_not_sink_its_page(
    store: ElasticPathStandIn, source: ElasticPathSource, read_all: ReadAll
) -> None:
    good = store.place_order()
    whole = store.order(good)
    for changes in (
        {"id": ""},
        {"id": "no-times", "meta": {**whole["meta"], "timestamps": {}}},
        {
            "id": "naive",
            "meta": {
                **whole["meta"],
                "timestamps": dict.fromkeys(("created_at", "updated_at"), "2026-03-01T12:00:00"),
            },
        },
        {
            "id": "text",
            "meta": {**whole["meta"], "display_price": {"with_tax": {"amount": "12.50", "currency": "USD"}}},
        },
        {
            "id": "currency",
            "meta": {**whole["meta"], "display_price": {"with_tax": {"amount": 12, "currency": "XYZ"}}},
        },
        {"id": "nothing", "meta": None},
        {"id": "stateless", "payment": None},
    ):
        store.put_raw({**whole, "relationships": {}, **changes})

    records, rejects, _pages = read_all(source)

    assert [record.id for record in records] == [good]
    told = {(reject.record_id, reject.reason, reject.path) for reject in rejects}
    assert told >= {
        ("text", "bad_amount", "$.data.meta.display_price.with_tax.amount"),
        ("currency", "unknown_currency", "$.data.meta.display_price.with_tax.currency"),
        ("stateless", "missing_state", "$.data.payment"),
        (None, "missing_id", "$.data.id"),
    }


def test_a_bad_transaction_rejects_its_order(store: ElasticPathStandIn, source: ElasticPathSource) -> None:
    order_id = store.place_order()
    store.pay(order_id)
    broken = [{**one, "refunded_amount": "some"} for one in store.transactions(order_id)]
    store.put_raw(store.order(order_id), store.items(order_id), broken)

    found = source.read("orders", order_id)

    assert isinstance(found, Reject)
    assert (found.reason, found.path) == ("bad_amount", "$.transactions[0].refunded_amount")


def test_neither_records_nor_rejects_keep_payment_secrets(
    store: ElasticPathStandIn, source: ElasticPathSource, read_all: ReadAll
) -> None:
    secrets = {"client_parameters": {"key": "s3cret"}, "payment_intent": {"client_secret": "s3cret"}}
    good = store.place_order(**secrets)
    store.put_raw({**store.order(good), **secrets, "id": "bad", "status": 7})

    (record,), (reject,), _pages = read_all(source)

    assert b"s3cret" not in orjson.dumps(record.document)
    assert b"s3cret" not in reject.body
    assert b'"status":7' in reject.body


def test_configured_exponents_come_before_the_stores(
    store: ElasticPathStandIn, make_source: Callable[..., ElasticPathSource], read_all: ReadAll
) -> None:
    store.place_order(currency="USD")
    known = make_source(store, rules=Rules("main", currencies={"USD": 4}))

    (record,), _rejects, _pages = read_all(known)

    assert record.order.exponent == 4
    assert store.requests.counts["GET /v2/currencies"] == 0


def test_currencies_are_asked_for_once(
    store: ElasticPathStandIn, source: ElasticPathSource, read_all: ReadAll
) -> None:
    for currency in ("USD", "JPY", "KWD", "USD"):
        store.place_order(currency=currency)

    records, _rejects, _pages = read_all(source)

    assert {(one.order.currency, one.order.exponent) for one in records} == {
        ("USD", 2),
        ("JPY", 0),
        ("KWD", 3),
    }
    assert store.requests.counts["GET /v2/currencies"] == 1


def read(source: ElasticPathSource, order_id: str) -> Record:
    record = source.read("orders", order_id)
    assert isinstance(record, Record)
    return record
