"""A page that is cut says what the same page says when it is parsed at once, whatever its shape."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import requests
from elastic_path import LONG_AGO, RULES, order_document, order_item
from hypothesis import example, given
from hypothesis import strategies as st

from commerce_events.domain.records import Reject
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathClient, ElasticPathSource
from commerce_events.sources.elasticpath.broken import object_of_any_text
from commerce_events.sources.elasticpath.pieces import Pieces, cut

texts = st.text(max_size=5)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
times = st.fixed_dictionaries({}, optional={"created_at": values, "updated_at": values})
metas = values | st.fixed_dictionaries({}, optional={"timestamps": values | times, "display_price": values})
documents = values | st.fixed_dictionaries(
    {}, optional={"id": values, "email": values, "meta": metas, "more": values}
)
pages = values | st.fixed_dictionaries(
    {},
    optional={
        "data": values | st.lists(documents, max_size=4),
        "included": values
        | st.fixed_dictionaries({}, optional={"items": values | st.lists(documents, max_size=4)}),
        "meta": values
        | st.fixed_dictionaries({"results": values | st.fixed_dictionaries({"total": values})}),
    },
)


@given(pages)
@example({"data": [{"id": "1", "meta": None}], "included": None})
@example({"data": [None, 5, [], {"id": 7}], "included": {"items": [{"id": "a", "price": 1}]}})
def test_it_says_the_same(page: Any) -> None:
    found = cut(orjson.dumps(page))

    if not isinstance(page, dict):
        assert found is None
        return
    assert found is not None
    included = page.get("included")
    assert [piece.parsed() for piece in found.rows] == listed(page.get("data"))
    assert [piece.parsed() for piece in found.items] == listed(inner(included, "items"))
    total = inner(inner(page.get("meta"), "results"), "total")
    assert found.total == (total if isinstance(total, int) else None)
    for piece in (*found.rows, *found.items):
        assert inner(piece.head, "id") == inner(piece.parsed(), "id")
    for piece in found.rows:
        assert inner(piece.head, "email") == inner(piece.parsed(), "email")
        said, whole = (inner(inner(each, "meta"), "timestamps") for each in (piece.head, piece.parsed()))
        assert said == whole


@given(st.binary(max_size=50) | st.just(b"[" * 5_000) | st.just(b'{"data":' + b"[" * 5_000))
def test_what_is_no_json_object_is_no_page(content: bytes) -> None:
    try:
        whole = orjson.loads(content)
    except ValueError:
        whole = None

    assert (cut(content) is not None) == isinstance(whole, dict)


@pytest.mark.parametrize("broken", [b'"\xff"', b"1e999", rb'"\ud800"', rb'"\ud800 and 1e999", "n": 1e999'])
def test_what_is_broken_inside_one_document_leaves_the_others_whole(broken: bytes) -> None:
    found = cut(b'{"data":[{"id":"a"},{"id":"b","name":%b},{"id":"c"}],"included":{"items":[]}}' % broken)

    assert found is not None
    first, second, third = found.rows
    assert (first.parsed(), third.parsed()) == ({"id": "a"}, {"id": "c"})
    with pytest.raises(ValueError, match=r"UTF-8|infinity|surrogate"):
        second.parsed()


BROKEN = [b"\xff", b"\xed\xa0\x80", rb"\ud800", rb"\udc00\ud83d\ude00"]


@pytest.fixture
def damaged(
    store: ElasticPathStandIn, make_client: Callable[..., ElasticPathClient]
) -> Iterator[Callable[[bytes, bytes], ElasticPathSource]]:
    """A source of the store's records, in which one text arrives as another."""
    with requests.Session() as session:

        def source(text: bytes, broken: bytes) -> ElasticPathSource:
            def damage(response: requests.Response, **_: Any) -> requests.Response:
                response._content = response.content.replace(text, broken)
                return response

            session.hooks["response"].append(damage)
            return ElasticPathSource(make_client(store, session=session), RULES)

        yield source


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("where", [b"an order", b"its item"])
def test_a_record_with_a_broken_text_is_a_reject_and_its_page_is_read(
    store: ElasticPathStandIn,
    damaged: Callable[[bytes, bytes], ElasticPathSource],
    broken: bytes,
    where: bytes,
) -> None:
    """The whole page would be no JSON: then one name would hold up all orders for ever."""
    good, bad = store.place_order(), store.place_order()
    order, (item, *others) = store.order(bad), store.items(bad)
    store.put_raw({**order, "external_ref": "an order"}, [{**item, "name": "its item"}, *others])

    source = damaged(where, broken)
    (page,) = source.changed_since(LONG_AGO, "orders")
    alone = source.read("orders", bad)

    assert [record.id for record in page.records] == [good]
    assert [(one.record_id, one.reason) for one in page.rejects] == [(bad, "unreadable")]
    assert page.cursor
    assert isinstance(alone, Reject)
    assert (alone.record_id, alone.reason) == (bad, "unreadable")


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("where", [b"a person", b"a.person@example.com"])
def test_a_person_with_a_broken_text_is_a_reject(
    store: ElasticPathStandIn,
    damaged: Callable[[bytes, bytes], ElasticPathSource],
    broken: bytes,
    where: bytes,
) -> None:
    """Who is asked for before their order is told must not hold up that order."""
    customer = store.add_customer(name="a person", email="a.person@example.com")

    source = damaged(where, broken)
    (page,) = source.changed_since(LONG_AGO, "customers")
    alone = source.read("customers", customer)

    assert not page.records
    assert [(one.record_id, one.reason) for one in page.rejects] == [(customer, "unreadable")]
    assert isinstance(alone, Reject)
    assert (alone.record_id, alone.reason) == (customer, "unreadable")


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"{", rb'{"a":"\ud800"', rb'["\ud800"]', rb'{"a":"\ud800","b":1e999}']
)
def test_what_is_no_json_for_all_that_is_no_object(content: bytes) -> None:
    assert object_of_any_text(content) is None


@pytest.mark.parametrize("broken", [b"\xff", rb"\ud800"])
def test_of_a_document_with_a_broken_head_the_rest_of_the_head_is_known(broken: bytes) -> None:
    times = b'{"timestamps":{"created_at":"2026-01-01T00:00:00Z"}}'
    content = b'{"data":[{"id":"a","email":"%b","meta":%b},{"id":"%b","email":"b"}]}'

    found = cut(content % (broken, times, broken))

    assert found is not None
    heads = [piece.head for piece in found.rows]
    assert heads == [{"id": "a", "meta": orjson.loads(times)}, {"email": "b"}]


@pytest.mark.parametrize("broken", [b"\xff", rb"\ud800"])
def test_a_broken_text_beside_the_documents_costs_nothing(broken: bytes) -> None:
    found = cut(b'{"meta":{"results":{"total":1},"more":"%b"},"data":[{"id":"a"}]}' % broken)

    assert found is not None
    assert (found.total, [piece.parsed() for piece in found.rows]) == (1, [{"id": "a"}])


def test_documents_by_id_are_made_when_they_are_asked_for() -> None:
    found = cut(
        orjson.dumps({"data": [], "included": {"items": [{"id": "a", "n": 1}, {"id": "b"}, {"n": 2}]}})
    )

    assert found is not None
    pieces = Pieces(found.items)
    assert ("a" in pieces, "c" in pieces, len(pieces), [*pieces]) == (True, False, 3, ["a", "b", ""])
    assert pieces["a"] == {"id": "a", "n": 1}
    assert pieces["a"] is not pieces["a"]


def test_a_page_that_waits_for_its_turn_is_text() -> None:
    orders = [order_document(id=f"order-{number}") for number in range(100)]
    items = [order_item(2_000, id=f"item-{number}") for number in range(500)]
    content = orjson.dumps({"data": orders, "included": {"items": items}})
    del orders, items
    gc.collect()
    before = len(gc.get_objects())

    found = cut(content)

    assert found is not None
    assert len(found.items) == 500
    assert (len(gc.get_objects()) - before) / 600 < 5, "objects for each document"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def inner(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
