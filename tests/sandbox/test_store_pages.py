"""Lists of the store: envelope, limits, order, ties and includes."""

from collections import Counter

import pytest

SINCE = 'ge(updated_at,"2026-01-01T00:00:00Z")'


def test_the_envelope_is_the_documented_one(seeded_store, seeded_api):
    page = seeded_api.get("/v2/orders", page_limit=100, page_offset=300).json()

    assert page["meta"] == {
        "page": {"limit": 100, "offset": 300, "current": 4, "total": 4},
        "results": {"total": 400},
    }
    assert set(page["links"]) == {"current", "first", "last", "next", "prev"}
    assert page["links"]["next"] is None
    assert "page[offset]=200" in page["links"]["prev"]
    assert "included" not in page


def test_links_carry_the_filter_but_neither_sort_nor_include(seeded_api):
    links = seeded_api.get("/v2/orders", filter=SINCE, sort="created_at", include="items").json()["links"]

    assert "filter=ge%28updated_at" in links["next"]
    assert "sort" not in links["next"]
    assert "include" not in links["next"]
    assert links["prev"] == links["first"]


def test_a_page_has_25_rows_unless_asked(seeded_api):
    assert len(seeded_api.get("/v2/orders").json()["data"]) == 25


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many"])
def test_a_page_takes_1_to_100_rows(seeded_api, limit):
    assert seeded_api.get("/v2/orders", page_limit=limit).status_code == 400


def test_no_list_reaches_past_ten_thousand(seeded_api):
    last = seeded_api.get("/v2/orders", page_limit=100, page_offset=9_900)
    past = seeded_api.get("/v2/orders", page_limit=100, page_offset=9_901)

    assert last.status_code == 200
    assert last.json()["data"] == []
    assert past.status_code == 400
    assert past.json()["errors"]


@pytest.mark.parametrize("sort", ["updated_at", "id", "-id", "created_at,id", "name"])
def test_only_documented_sorts_are_served(seeded_api, sort):
    assert seeded_api.get("/v2/orders", sort=sort).status_code == 400


def test_sorting_by_updated_at_can_be_switched_on(store, api):
    store.habits.sort_by_updated_at = True

    assert api.get("/v2/orders", sort="updated_at").status_code == 200


@pytest.mark.parametrize(
    ("sort", "descending"),
    [("created_at", False), ("-created_at", True), ("with_tax", False), ("-with_tax", True)],
)
def test_rows_come_in_the_order_asked_for(seeded_api, sort, descending):
    rows = seeded_api.get("/v2/orders", sort=sort, page_limit=100).json()["data"]

    keys = [
        row["meta"]["display_price"]["with_tax"]["amount"]
        if "tax" in sort
        else row["meta"]["timestamps"]["created_at"]
        for row in rows
        if row["meta"]["timestamps"]["created_at"].endswith("Z")
    ]
    assert keys == sorted(keys, reverse=descending)


def test_the_latest_change_comes_first_by_default(store, api):
    first, second = store.place_order(), store.place_order()
    store.advance(60)
    store.touch(first)

    assert [row["id"] for row in api.get("/v2/orders").json()["data"]] == [first, second]


def test_rows_of_the_same_second_come_in_another_order_each_time(store, api):
    for _ in range(20):
        store.place_order()

    orders = {tuple(api.ids(sort="created_at")) for _ in range(3)}

    assert len(orders) == 3
    assert len({frozenset(order) for order in orders}) == 1


def test_naive_paging_through_ties_loses_rows(store, api):
    for _ in range(250):
        store.place_order()

    found = api.ids(sort="created_at")

    assert len(found) == 250
    assert len(set(found)) < 250


def test_ties_can_be_made_stable(store, api):
    store.habits.stable_ties = True
    for _ in range(20):
        store.place_order()

    assert len({tuple(api.ids(sort="created_at")) for _ in range(3)}) == 1


def test_a_page_brings_the_items_of_all_its_orders_in_one_array(seeded_store, seeded_api):
    page = seeded_api.get("/v2/orders", include="items", page_limit=50).json()

    related = {
        one["id"]
        for order in page["data"]
        for one in order["relationships"]["items"]["data"]
        if one["type"] == "item"
    }
    assert {item["id"] for item in page["included"]["items"]} == related
    assert {item["type"] for item in page["included"]["items"]} == {"order_item", "promotion_item"}


def test_a_shipping_group_is_related_but_never_included(seeded_store, seeded_api):
    page = seeded_api.get("/v2/orders", include="items", page_limit=100).json()

    kinds = Counter(one["type"] for order in page["data"] for one in order["relationships"]["items"]["data"])
    assert kinds["shipping_group"] > 0


def test_items_past_a_limit_may_be_left_out(store, api):
    store.habits.max_included = 3
    orders = [store.place_order() for _ in range(5)]

    page = api.get("/v2/orders", include="items").json()
    items = api.get(f"/v2/orders/{orders[0]}/items").json()["data"]

    assert len(page["included"]["items"]) == 3
    assert items == store.items(orders[0])


def test_without_items_there_is_no_included(store, api):
    key = store.put_raw({"type": "order", "id": "bare"})

    assert "included" not in api.get("/v2/orders", include="items").json()
    assert api.get(f"/v2/orders/{key}", include="items").json() == {"data": {"type": "order", "id": "bare"}}


def test_one_order_comes_with_its_items_and_transactions(store, api):
    order = store.place_order()
    store.pay(order)

    whole = api.get(f"/v2/orders/{order}", include="items").json()

    assert whole["data"] == store.order(order)
    assert whole["included"]["items"] == store.items(order)
    assert api.get(f"/v2/orders/{order}/transactions").json()["data"] == store.transactions(order)


def test_an_unknown_order_is_not_found(api):
    answer = api.get("/v2/orders/00000000-0000-4000-8000-000000000000")

    assert answer.status_code == 404
    assert answer.json()["errors"] == [
        {"status": 404, "title": "Order not found", "detail": "The requested order could not be found"}
    ]


def test_a_recent_change_may_lag_behind_in_lists(store, api):
    store.habits.lag_seconds = 30
    order = store.place_order()

    at_once = api.ids()
    store.advance(31)

    assert (at_once, api.ids()) == ([], [order])


def test_broken_records_are_listed_as_they_are(store, api):
    store.put_raw({"type": "order", "status": "complete"})

    assert api.get("/v2/orders").json()["data"] == [{"type": "order", "status": "complete"}]


def test_currencies_tell_their_decimals(api):
    currencies = {one["code"]: one for one in api.get("/v2/currencies").json()["data"]}

    assert {code: one["decimal_places"] for code, one in currencies.items()} == {
        "USD": 2,
        "EUR": 2,
        "JPY": 0,
        "KWD": 3,
        "GBP": 2,
    }
    assert [code for code, one in currencies.items() if one["default"]] == ["USD"]
    assert not currencies["GBP"]["enabled"]


def test_an_order_placed_while_someone_pages_is_there_on_the_next_page(store, api):
    for _ in range(150):
        store.place_order()
    store.advance(60)
    store.on_request(lambda request: store.place_order() if "offset%5D=100" in request.query else None)

    found = api.ids(sort="created_at")

    assert len(found) == 151


def test_currencies_are_paged_like_everything_else(api):
    page = api.get("/v2/currencies", page_limit=2, page_offset=4).json()

    assert [one["code"] for one in page["data"]] == ["GBP"]
    assert page["meta"]["page"]["total"] == 3
    assert page["links"]["next"] is None
    assert api.get("/v2/currencies", page_limit=0).status_code == 400
