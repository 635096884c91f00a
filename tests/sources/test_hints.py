"""Which record a webhook or queue message is about, in every shape the documents show."""

from datetime import UTC, datetime

import orjson
import pytest

from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import BadRecordError
from commerce_events.sources.elasticpath.hints import hint

AT = {"timestamps": {"updated_at": "2026-11-01T10:00:00Z"}}
ORDER = {"type": "order", "id": "order-1", "meta": AT}
TRANSACTION = {
    "type": "transaction",
    "id": "transaction-1",
    "meta": AT,
    "client_parameters": {"token": "pay-me"},
    "relationships": {"order": {"data": {"type": "order", "id": "order-1"}}},
}


def read(body, door=Door.WEBHOOK):
    return hint("main", door, orjson.dumps(body))


@pytest.mark.parametrize(
    ("trigger", "resource", "about", "at"),
    [
        ("order.paid", {"data": ORDER, "included": {"items": []}}, ("orders", "order-1"), True),
        ("order.paid", ORDER, ("orders", "order-1"), True),
        ("transaction.updated", {"data": TRANSACTION}, ("orders", "order-1"), False),
        ("customer.deleted", {"type": "customer", "id": "c"}, ("customers", "c"), False),
        ("account-member.updated", {"data": {"id": "m", "meta": AT}}, ("account_members", "m"), True),
        ("account.updated", {"data": {"id": "a"}}, (None, "a"), False),
    ],
)
def test_it_says_which_record_and_when_it_changed(trigger, resource, about, at):
    webhook = read({"id": "event", "triggered_by": trigger, "payload": resource})
    queued = read({"id": "event", "type": trigger, "specversion": "1.0", "data": resource}, Door.QUEUE)

    for one in (webhook, queued):
        assert (one.event_id, one.trigger, one.stream, one.record_id) == ("event", trigger, *about)
        assert one.source_at == (datetime(2026, 11, 1, 10, tzinfo=UTC) if at else None)


def test_a_body_with_its_resource_as_text_alone_is_read(tmp_path):
    text = orjson.dumps({"data": ORDER}).decode()

    assert read({"id": "event", "triggered_by": "order.paid", "resources": text}).record_id == "order-1"


def test_of_a_payment_no_secret_is_kept():
    told = {"triggered_by": "transaction.updated", "payload": {"data": TRANSACTION}}
    repeated = {**told, "resources": orjson.dumps({"data": TRANSACTION}).decode()}
    as_text = {"triggered_by": told["triggered_by"], "resources": repeated["resources"]}

    assert [b"pay-me" in read(body).body for body in (told, repeated, as_text)] == [False] * 3


def test_without_an_id_the_content_names_the_event():
    first, again = (read({"triggered_by": "order.paid", "payload": {"data": ORDER}}) for _ in range(2))
    other = read({"triggered_by": "order.updated", "payload": {"data": ORDER}})

    assert first.event_id == again.event_id != other.event_id


@pytest.mark.parametrize("raw", [b"", b"null", b'"text"', b"[1]", b"{", b'{"a":NaN}', b"\xff"])
def test_what_is_no_json_object_is_no_hint(raw):
    with pytest.raises(BadRecordError):
        hint("main", Door.WEBHOOK, raw)
