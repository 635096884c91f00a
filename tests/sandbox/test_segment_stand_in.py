"""Segment's documented answers, and what it drops in silence after a 200."""

import gzip
import json

import pytest
import requests

from commerce_events.sandbox.segment import SegmentStandIn


def message(message_id="m1", **more):
    return {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": message_id, **more}


def body(*messages, **more):
    return json.dumps({"batch": messages, **more}, ensure_ascii=False, separators=(",", ":")).encode()


def sized(size, message_id="m1"):
    """A message of exactly so many bytes."""
    empty = len(json.dumps(message(message_id, properties={"x": ""}), separators=(",", ":")))
    return message(message_id, properties={"x": "y" * (size - empty)})


def test_what_is_taken_is_answered_with_21_bytes(segment, tracking):
    answer = tracking.post(body(message()))

    assert (answer.status_code, answer.content) == (200, b'{\n  "success": true\n}')
    assert len(answer.content) == 21
    assert segment.unique() == {"m1": message()}


def test_a_message_of_32000_bytes_passes_and_one_more_fails_its_whole_batch(segment, tracking):
    fits = tracking.post(body(sized(32_000, "fits")))
    fails = tracking.post(body(message("innocent"), sized(32_001, "big")))

    assert (fits.status_code, fails.status_code) == (200, 400)
    assert list(segment.unique()) == ["fits"]


def test_size_is_counted_in_bytes_as_sent(segment, tracking):
    text = {"x": "é" * 6_000}
    as_utf_8 = json.dumps({"batch": [message("a", properties=text)]}, ensure_ascii=False).encode()
    escaped = json.dumps({"batch": [message("b", properties=text)]}).encode()

    assert (tracking.post(as_utf_8).status_code, tracking.post(escaped).status_code) == (200, 400)


def test_a_body_over_500000_bytes_gets_plain_text(segment, tracking):
    filler = [sized(25_000, f"m{number}") for number in range(21)]

    answer = tracking.post(body(*filler))

    assert (answer.status_code, answer.text) == (400, "Bad Request")
    assert answer.headers["Content-Type"] == "text/plain"


def test_gzip_does_not_make_a_body_smaller(segment, tracking):
    small = gzip.compress(body(message()))
    big = gzip.compress(body(*[sized(25_000, f"m{number}") for number in range(21)]))

    taken = tracking.post(small, **{"Content-Encoding": "gzip"})
    refused = tracking.post(big, **{"Content-Encoding": "gzip"})

    assert len(big) < 10_000
    assert taken.status_code == 200
    assert (refused.status_code, refused.text) == (400, "Bad Request")


@pytest.mark.parametrize(
    "sent",
    [b"", b"{", b"[]", b'{"batch":[1,]}', b'{"batch":[]} x', b'{"batch":[],}', b"\xff", b'{"batch":[{]}'],
)
def test_what_is_not_json_is_refused(tracking, sent):
    assert tracking.post(sent).status_code == 400


def test_broken_gzip_is_refused(tracking):
    assert tracking.post(b"not gzip", **{"Content-Encoding": "gzip"}).status_code == 400


def test_another_content_type_is_refused(tracking):
    assert tracking.post(body(message()), **{"Content-Type": "text/plain"}).status_code == 400


@pytest.mark.parametrize("key", ["", "short", "with space in it"])
def test_an_empty_or_malformed_write_key_gets_the_documented_body(tracking, key):
    answer = tracking.post(body(message()), key=key)

    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "message": "An invalid write key was provided",
        "code": "invalid_request",
    }


def test_an_unknown_write_key_is_answered_200_and_dropped(segment, tracking):
    answer = tracking.post(body(message(), message("m2")), key="nobody-knows-it")

    assert answer.status_code == 200
    assert segment.unique() == {}
    assert segment.drops == {"unknown_source": 2}


def test_the_write_key_may_stand_in_the_body(segment):
    answer = requests.post(
        f"{segment.url}/v1/batch", json={"batch": [message()], "writeKey": "sandbox-write-key"}, timeout=5
    )

    assert answer.status_code == 200
    assert list(segment.unique()) == ["m1"]


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("no_user_anon_id", message(userId=None)),
        ("id_not_string", message(userId=17)),
        ("id_not_string", message(userId="")),
        ("event_not_defined", message(event=None)),
        ("event_not_defined", message(event="")),
        ("event_not_string", message(event=4)),
        ("properties_not_object", message(properties=[1])),
        ("traits_not_object", message(type="identify", traits="x")),
        ("id_required", message(type="group")),
        ("name_not_string", message(type="page", name=1)),
        ("bad_request", message(type="unheard_of")),
        ("bad_request", message("x" * 101)),
        ("bad_request", "a string"),
        ("consent_categorypreferences_should_exist", message(context={"consent": {}})),
        (
            "consent_categorypreferences_fields_should_be_bool",
            message(context={"consent": {"categoryPreferences": {"ads": "yes"}}}),
        ),
    ],
)
def test_a_bad_message_is_dropped_in_silence_and_alone(segment, tracking, reason, sent):
    answer = tracking.post(body(message("good"), sent))

    assert answer.status_code == 200
    assert list(segment.unique()) == ["good"]
    assert segment.drops == {reason: 1}


def test_more_than_2500_messages_are_answered_200_and_dropped(segment, tracking):
    most = tracking.post(body(*[message(str(number)) for number in range(2_500)]))
    too_many = tracking.post(body(*[message(f"x{number}") for number in range(2_501)]))

    assert (most.status_code, too_many.status_code) == (200, 200)
    assert len(segment.unique()) == 2_500
    assert segment.drops == {"too_many_messages": 2_501}


def test_an_empty_batch_is_counted(segment, tracking):
    assert tracking.post(body()).status_code == 200
    assert segment.drops == {"empty_batch": 1}


def test_the_first_message_of_an_id_wins_whatever_the_write_key():
    with SegmentStandIn({"first-source", "second-source"}) as segment:
        for key, event in (("first-source", "Seen"), ("second-source", "Seen later")):
            requests.post(
                f"{segment.url}/v1/batch", json={"batch": [message(event=event)], "writeKey": key}, timeout=5
            )

        assert segment.unique()["m1"]["event"] == "Seen"
        assert segment.drops == {"duplicate": 1}


def test_every_copys_bytes_are_kept_apart_from_sent_at(segment, tracking):
    tracking.post(
        b'{"sentAt":"1","batch":[ {"type" :"track","event":"\xc3\xa9","userId":"u","messageId":"m1"} ]}'
    )
    tracking.post(
        b'{"batch":[{"type" :"track","event":"\xc3\xa9","userId":"u","messageId":"m1"}],"sentAt":"2"}'
    )

    first, second = segment.copies("m1")
    assert first == second == b'{"type" :"track","event":"\xc3\xa9","userId":"u","messageId":"m1"}'
    assert segment.copies("unknown") == []


def test_messages_are_kept_in_the_order_they_came(segment, tracking):
    tracking.post(body(message("b"), message("a")))
    tracking.post(body(message("c"), message("a")))

    assert [one.message_id for one in segment.received()] == ["b", "a", "c"]


def test_a_refused_message_sinks_its_body_until_allowed(segment, tracking):
    segment.refuse("bad")
    sent = body(message("good"), message("bad"))

    refused = tracking.post(sent).status_code
    segment.allow("bad")

    assert (refused, tracking.post(sent).status_code) == (400, 200)


def test_a_suppressed_person_is_dropped(segment, tracking):
    segment.suppress("u1")
    tracking.post(body(message()))

    assert segment.drops == {"suppressed": 1}


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        ("track", {"event": "Seen"}),
        ("identify", {"traits": {"name": "Ada"}}),
        ("page", {"name": "Home"}),
        ("screen", {"name": "Home"}),
        ("group", {"groupId": "g"}),
        ("alias", {"previousId": "p"}),
    ],
)
def test_single_calls_are_taken_too(segment, tracking, call, sent):
    tracking.post(json.dumps({"userId": "u", "messageId": "m", **sent}).encode(), call=call)

    assert segment.drops == {}
    assert list(segment.unique()) == ["m"]


def test_import_is_an_old_name_for_batch(segment, tracking):
    tracking.post(body(message()), call="import")

    assert list(segment.unique()) == ["m1"]


def test_anything_else_is_not_there(segment, tracking):
    assert tracking.post(b"{}", call="delete").status_code == 404
    assert requests.get(f"{segment.url}/v1/batch", timeout=5).status_code == 404


def test_batches_are_kept_with_their_headers(segment, tracking):
    tracking.post(body(message()), **{"X-Retry-Count": "2"})

    [batch] = segment.batches
    assert batch.count == 1
    assert batch.size == len(body(message()))
    assert batch.headers["x-retry-count"] == "2"


def test_too_many_events_a_second_are_told_to_wait(segment, tracking):
    segment.event_limit.per_second = 5

    answers = [tracking.post(body(message(str(number)), message(f"x{number}"))) for number in range(9)]

    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == refused[0].headers["X-RateLimit-Reset"] == "1"


def test_everything_can_be_forgotten(segment, tracking):
    segment.refuse("m1")
    segment.forget()
    tracking.post(body(message()))
    segment.forget()
    tracking.post(body(message()))

    assert segment.drops == {}
    assert len(segment.copies("m1")) == 1


def test_a_malformed_write_key_cannot_be_known():
    with pytest.raises(ValueError, match="malformed"):
        SegmentStandIn({"bad key"})
