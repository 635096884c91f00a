"""The Segment client over real HTTP: what it sends, and what each answer means."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import requests

from commerce_events.destinations.segment import LIBRARY, SegmentClient, compose
from commerce_events.domain.backfills import Backfill
from commerce_events.domain.errors import ConfigurationError, RejectedError, TransientError
from commerce_events.domain.identity import Identity
from commerce_events.sandbox import faults
from commerce_events.sandbox.segment import DEFAULT_KEY, SegmentStandIn

NOW = datetime(2026, 11, 22, 12, 30, 15, 250_000, tzinfo=UTC)


@pytest.fixture
def segment() -> Iterator[SegmentStandIn]:
    with SegmentStandIn() as stand_in:
        yield stand_in


def client(segment: SegmentStandIn, write_key: str = DEFAULT_KEY, **options: Any) -> SegmentClient:
    return SegmentClient(requests.Session(), f"{segment.url}/v1/batch", write_key, **options)


def body(message_id: str = "m-1", **fields: Any) -> bytes:
    message = {"type": "track", "event": "Seen", "userId": "u", "messageId": message_id, **fields}
    return orjson.dumps(message)


def send(segment: SegmentStandIn, *bodies: bytes, retries: int = 0, **options: Any) -> None:
    client(segment, **options).send(bodies or (body(),), sent_at=NOW, retries=retries)


def test_a_batch_arrives_as_the_very_bytes_of_its_messages(segment):
    owed = (body("m-1", name="Zoë 🎁"), body("m-2"))

    send(segment, *owed)

    assert [taken.raw for taken in segment.received()] == list(owed)


def test_a_request_is_compressed_signed_and_dated(segment):
    seen: list[Any] = []
    segment.on_request(seen.append)

    send(segment)

    envelope = orjson.loads(gzip.decompress(seen[0].body))
    assert envelope["sentAt"] == "2026-11-22T12:30:15.250Z"
    assert seen[0].headers["authorization"].startswith("Basic ")
    assert DEFAULT_KEY not in seen[0].path
    assert "x-retry-count" not in seen[0].headers


def test_a_repeated_request_says_so(segment):
    send(segment, retries=3)

    assert segment.batches[0].headers["x-retry-count"] == "3"


def test_the_envelope_counts_as_measured(segment):
    sender = client(segment, integrations={"All": False, "Warehouse": True})

    assert sender.limits.envelope == len(sender._envelope([], NOW))


def test_routing_of_the_connection_goes_with_every_batch(segment):
    seen: list[Any] = []
    segment.on_request(seen.append)

    send(segment, integrations={"All": False})

    assert orjson.loads(gzip.decompress(seen[0].body))["integrations"] == {"All": False}


@pytest.mark.parametrize("status", [408, 410, 429, 460, 500, 502, 503, 504, 511, 529])
def test_a_passing_trouble_is_worth_another_try(segment, status):
    segment.faults.next(faults.status(status))

    with pytest.raises(TransientError, match=str(status)) as caught:
        send(segment)

    assert caught.value.maybe_taken is (status != 429)


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405, 501, 505])
def test_a_wrong_address_or_key_stops_everything_and_names_the_connection(segment, status):
    segment.faults.next(faults.status(status))

    with pytest.raises(ConfigurationError, match=r"connection segment_default"):
        send(segment)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_refused_content_is_no_trouble_of_the_connection(segment, status):
    segment.faults.next(faults.status(status))

    with pytest.raises(RejectedError, match=str(status)):
        send(segment)


@pytest.mark.parametrize("write_key", ["", "has space", "has:colon", "schlüssel", "line\nbreak"])
def test_a_key_that_no_source_has_is_refused_before_anything_is_sent(segment, write_key):
    with pytest.raises(ConfigurationError, match="segment_default"):
        client(segment, write_key)

    assert segment.requests.total == 0


def test_a_malformed_key_is_no_refusal_of_the_messages(segment):
    with pytest.raises(ConfigurationError, match="write key"):
        send(segment, write_key="short")


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        (faults.too_many(7), 7),
        (faults.too_many(9, as_date=True), 9),
        (faults.too_many(100_000), 300),
        (faults.too_many(), 1),
        (faults.status(503, retry_after=4), 4),
        (faults.status(503), None),
    ],
)
def test_the_asked_for_wait_is_obeyed_up_to_five_minutes(segment, fault, after):
    segment.faults.next(fault)

    with pytest.raises(TransientError) as caught:
        send(segment)

    assert caught.value.after == (pytest.approx(after, abs=1) if after else after)


@pytest.mark.parametrize(
    "fault", [faults.RESET, faults.CUT, faults.timeout(0.05, taken=True), faults.HTML_OK]
)
def test_what_may_have_been_taken_is_said_to_be_so(segment, fault):
    segment.faults.next(fault)

    with pytest.raises(TransientError) as caught:
        send(segment)

    assert caught.value.maybe_taken


def test_nothing_listening_is_a_passing_trouble():
    with SegmentStandIn() as gone:
        pass

    with pytest.raises(TransientError, match="segment_default"):
        send(gone)


def test_errors_hold_neither_key_nor_content(segment):
    segment.faults.always(faults.status(400))

    with pytest.raises(RejectedError) as caught:
        send(segment, body(email="ann@shop.example"))

    assert "ann@" not in str(caught.value)
    assert DEFAULT_KEY not in str(caught.value)


def test_ids_time_and_library_are_set_whatever_the_template_says():
    call = {
        "type": "track",
        "event": "Seen",
        "messageId": "mine",
        "userId": "mine",
        "context": {"ip": "10.0.0.1"},
    }

    message = compose(call, message_id="m-1", occurred_at=NOW, identity=Identity("u", "a"))

    assert (message["messageId"], message["userId"], message["anonymousId"]) == ("m-1", "u", "a")
    assert message["timestamp"] == "2026-11-22T12:30:15.250Z"
    assert message["context"]["ip"] == "10.0.0.1"
    assert message["context"]["library"]["name"] == "commerce-events"


def test_ids_of_a_template_stand_only_where_the_tracking_leaves_them_to_it():
    call = {"type": "track", "event": "Seen", "userId": "mine"}

    assert "userId" not in compose(call, message_id="m", occurred_at=NOW, identity=Identity(None, "a"))
    assert compose(call, message_id="m", occurred_at=NOW, identity=None)["userId"] == "mine"


def test_a_backfill_says_who_may_see_a_message_whatever_its_template_says():
    call = {
        "type": "track",
        "event": "Seen",
        "integrations": {"Mixpanel": True},
        "context": {"ip": "10.0.0.1"},
    }

    quiet, as_live = (
        compose(call, message_id="m", occurred_at=NOW, identity=Identity("u"), backfill=backfill)
        for backfill in (Backfill("plan-7", {"All": False}), Backfill("plan-8"))
    )

    assert quiet["integrations"] == {"All": False}
    assert as_live["integrations"] == {"Mixpanel": True}
    assert quiet["context"] == {"ip": "10.0.0.1", "backfill": {"id": "plan-7"}, "library": LIBRARY}
