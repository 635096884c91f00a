"""What another integration sent beside what we would: known differences are told apart from mistakes."""

import gzip
import json

import pytest

from commerce_events.domain.errors import ConfigurationError
from commerce_events.steps.beside import compare
from commerce_events.steps.exports import read_export
from commerce_events.steps.known_differences import Known

NOON = "2026-03-01T12:00:00.000Z"
SOON = "2026-03-01T12:00:09.000Z"
LINE = {"product_id": "p-1", "sku": "SKU-1", "name": "Lamp", "price": 45, "quantity": 2}


def ours(event="Order Completed", *, user="customer-1", at=NOON, properties=None, **message):
    """As our default templates and `compose` make it."""
    known = {"order_id": "order-1", "total": 114, "revenue": 90, "currency": "EUR", "products": [LINE]}
    return {
        "type": "track",
        "event": event,
        "messageId": "ours",
        "timestamp": at,
        "userId": user,
        "properties": {**known, "affiliation": "shop", **(properties or {})},
        "context": {"traits": {"email": "ann@shop.example"}, "library": {"name": "commerce-events"}},
        **message,
    }


def theirs(event="Order Completed", *, user="customer-1", at=SOON, properties=None, **message):
    """As the Hub's integration is described: no ids of messages, no context, no affiliation."""
    known = {"order_id": "order-1", "total": 114, "revenue": 90, "currency": "EUR", "products": [LINE]}
    return {
        "type": "track",
        "event": event,
        "timestamp": at,
        "receivedAt": at,
        "userId": user,
        "properties": {**known, **(properties or {})},
        **message,
    }


def exported(folder, name, *messages):
    path = folder / f"{name}.jsonl"
    text = "".join(
        json.dumps(message if "messageId" not in message else message | {"messageId": f"{name}-{number}"})
        + "\n"
        for number, message in enumerate(messages)
    )
    path.write_text(text)
    return read_export(path)


@pytest.fixture
def beside(tmp_path):
    def compared(them, us):
        return compare(exported(tmp_path, "theirs", *them), exported(tmp_path, "ours", *us))

    return compared


def test_the_same_said_in_other_words_agrees(beside):
    found = beside([theirs()], [ours()])

    assert found.is_explained
    assert set(found.known) == {Known.ADDED, Known.TIME}
    assert found.tallies["Order Completed"].equal == 1
    assert found.examples[Known.ADDED] == "order-1"


def test_another_amount_is_a_difference_and_is_shown_by_its_place(beside):
    found = beside([theirs(properties={"revenue": 99})], [ours()])

    assert not found.is_explained
    change = found.changes["Order Completed", "$.properties.revenue"]
    assert (change.count, change.record_id) == (1, "order-1")
    assert (change.example.expected, change.example.got) == ("99", "90")


@pytest.mark.parametrize(
    ("them", "us", "known"),
    [
        ({"userId": "order-1"}, {"userId": None, "anonymousId": "hashed"}, Known.GUEST),
        (
            {"userId": None, "anonymousId": "ann@shop.example"},
            {"userId": None, "anonymousId": "h"},
            Known.GUEST,
        ),
        ({"properties": {"discount": -5}}, {"properties": {"discount": 5}}, Known.SIGN),
        ({"properties": {"total": "114.00"}}, {}, Known.TEXT),
        (
            {"properties": {"total": 1.14, "currency": "JPY"}},
            {"properties": {"total": 114, "currency": "JPY"}},
            Known.CENTS,
        ),
        (
            {"properties": {"products": [LINE, {"product_id": "", "sku": "__shipping_x", "price": 5}]}},
            {},
            Known.LINES,
        ),
        ({"properties": {"products": [LINE, {**LINE, "sku": "PROMO", "price": -5}]}}, {}, Known.LINES),
        ({}, {"anonymousId": "browser"}, Known.ADDED),
    ],
)
def test_a_known_difference_has_a_name(beside, them, us, known):
    def plain(message, changes):
        own = {**message, **changes, "properties": {**message["properties"], **changes.get("properties", {})}}
        return {key: value for key, value in own.items() if value is not None}

    found = beside([plain(theirs(), them)], [plain(ours(), us)])

    assert found.is_explained, found.changes
    assert found.known[known] == 1


@pytest.mark.parametrize(
    ("them", "us", "place"),
    [
        ({"user": "someone-else"}, {}, "$.userId"),
        ({"at": "2026-02-01T12:00:00Z"}, {}, "$.timestamp"),
        ({"properties": {"coupon": "TEN"}}, {}, "$.properties.coupon"),
        ({"properties": {"total": 11400}}, {}, "$.properties.total"),
        ({"properties": {"products": [{**LINE, "quantity": 3}]}}, {}, "$.properties.products.*.quantity"),
        (
            {"properties": {"products": [LINE, {**LINE, "sku": "OTHER"}]}},
            {},
            "$.properties.products.*",
        ),
    ],
)
def test_what_may_be_a_mistake_is_not_explained_away(beside, them, us, place):
    found = beside([theirs(**them)], [ours(**us)])

    assert [path for _, path in found.changes] == [place]


def test_products_are_compared_by_what_they_are_not_by_their_place(beside):
    other = {**LINE, "sku": "SKU-2", "price": 1}

    found = beside(
        [theirs(properties={"products": [LINE, other]})], [ours(properties={"products": [other, LINE]})]
    )

    assert found.is_explained


def test_updates_that_only_they_repeat_are_noise(beside):
    updates = [theirs("Order Updated", at=f"2026-03-01T12:0{minute}:00Z") for minute in range(3)]

    found = beside(updates, [ours("Order Updated", at="2026-03-01T12:02:00Z")])

    assert found.is_explained
    assert found.known[Known.NOISE] == 2
    assert found.tallies["Order Updated"].theirs == 2


def test_refunds_in_parts_are_known_and_a_refund_that_we_lack_is_not(beside):
    part = ours("Order Refunded", properties={"total": 14})
    rest = ours("Order Refunded", at="2026-03-02T12:00:00Z", properties={"total": 100})
    for refund in (part, rest):
        del refund["properties"]["products"], refund["properties"]["revenue"]
    whole = theirs("Order Refunded", at="2026-03-02T12:00:05Z")

    found = beside([whole], [part, rest])
    lacking = beside([whole], [])

    assert found.is_explained, found.changes
    assert found.known[Known.PARTIAL] == 2
    assert lacking.alone == {("Order Refunded", "theirs"): ["order-1"]}


def test_the_storefronts_own_checkout_started_is_told_apart(beside):
    cart = theirs(
        "Checkout Started", properties={"order_id": None}, context={"library": {"name": "analytics.js"}}
    )
    viewed = theirs("Product Viewed", properties={"order_id": None})

    found = beside([cart, viewed, theirs("Checkout Started")], [ours("Checkout Started")])

    assert found.is_explained
    assert (found.known[Known.STOREFRONT], found.known[Known.OTHERS]) == (1, 1)


def test_what_stands_on_one_side_only_is_named(beside):
    missed = theirs(properties={"order_id": "order-2"})
    found = beside([theirs(), missed], [ours(), ours(properties={"order_id": "order-3"})])

    assert found.alone == {
        ("Order Completed", "theirs"): ["order-2"],
        ("Order Completed", "ours"): ["order-3"],
    }


def test_people_are_compared_by_their_id(beside):
    def person(user, **traits):
        return {"type": "identify", "userId": user, "timestamp": NOON, "traits": traits}

    found = beside(
        [
            person("1", email="old@x.example"),
            person("1", email="a@x.example"),
            person("2", email="b@x.example"),
        ],
        [person("1", email="a@x.example", firstName="Ann"), person("2", email="other@x.example")],
    )

    assert [key for key in found.changes] == [("identify", "$.traits.email")]
    assert found.known == {Known.NOISE: 1, Known.ADDED: 1}


def test_a_message_that_was_repeated_counts_once(tmp_path):
    path = tmp_path / "ours.jsonl"
    path.write_text(2 * (json.dumps(ours()) + "\n"))

    assert read_export(path).messages == 1


def test_folders_gzip_batches_and_broken_lines_are_read(tmp_path):
    (tmp_path / "1.jsonl").write_text(
        json.dumps({"batch": [theirs(), theirs("Order Updated")]}) + "\n{half\n\n"
    )
    with gzip.open(tmp_path / "2.jsonl.gz", "wt") as file:
        file.write(json.dumps(theirs("Order Cancelled")) + "\n[]\n3\n")

    export = read_export(tmp_path)

    assert (export.messages, export.unreadable) == (3, 3)


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(ConfigurationError, match="holds no messages"):
        read_export(tmp_path)
    with pytest.raises(ConfigurationError, match="holds no messages"):
        read_export(tmp_path / "missing.jsonl")
