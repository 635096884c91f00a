"""Faults happen when asked for, look as they should, and say truly whether the request was taken."""

import json
from collections import Counter
from email.utils import parsedate_to_datetime

import pytest
import requests

from commerce_events.sandbox import faults


def message(number):
    return {"type": "track", "event": "Seen", "userId": "u", "messageId": f"m{number}"}


def post(tracking, number):
    return tracking.post(json.dumps({"batch": [message(number)]}).encode())


def test_the_next_requests_fail_and_no_other(store, api):
    store.faults.next(faults.status(503), times=2)

    assert [api.get("/v2/orders").status_code for _ in range(4)] == [503, 503, 200, 200]


def test_a_fault_can_wait_for_a_path(store, api):
    store.faults.next(faults.status(500), where=lambda path: path.endswith("/items"))
    order = store.place_order()

    assert api.get("/v2/orders").status_code == 200
    assert api.get(f"/v2/orders/{order}/items").status_code == 500


def test_a_429_says_when_to_come_back_in_seconds_as_a_date_or_not_at_all(store, api):
    store.faults.next(faults.too_many(7))
    store.faults.next(faults.too_many(7, as_date=True))
    store.faults.next(faults.too_many())

    seconds, date, nothing = (api.get("/v2/orders") for _ in range(3))

    assert seconds.headers["Retry-After"] == "7"
    assert (parsedate_to_datetime(date.headers["Retry-After"]) - store.clock).total_seconds() == 7
    assert "Retry-After" not in nothing.headers
    assert {one.status_code for one in (seconds, date, nothing)} == {429}


@pytest.mark.parametrize("code", [408, 500, 501, 502, 503, 529])
def test_any_status_can_be_asked_for(segment, tracking, code):
    segment.faults.next(faults.status(code))

    assert post(tracking, 1).status_code == code
    assert segment.unique() == {}


@pytest.mark.parametrize(("fault", "code"), [(faults.HTML_OK, 200), (faults.HTML_BAD_GATEWAY, 502)])
def test_html_bodies_are_html_and_nothing_was_taken(segment, tracking, fault, code):
    segment.faults.next(fault)

    answer = post(tracking, 1)

    assert answer.status_code == code
    assert answer.headers["Content-Type"].startswith("text/html")
    assert segment.unique() == {}


@pytest.mark.parametrize(
    ("fault", "taken"),
    [
        (faults.RESET, False),
        (faults.CUT, True),
        (faults.timeout(0.01), False),
        (faults.timeout(0.01, taken=True), True),
    ],
)
def test_a_lost_answer_does_not_tell_whether_the_batch_was_taken(segment, tracking, fault, taken):
    segment.faults.next(fault)

    with pytest.raises(requests.RequestException):
        post(tracking, 1)

    assert ("m1" in segment.unique()) is taken


def test_a_reset_is_a_reset_and_not_a_polite_close(segment, tracking):
    segment.faults.next(faults.RESET)

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        post(tracking, 1)


def test_a_slow_answer_is_right_in_the_end(segment, tracking):
    segment.faults.next(faults.slow(0.05))

    answer = post(tracking, 1)

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.05


def test_a_mix_hits_its_share_and_is_the_same_for_the_same_seed():
    def drawn(seed):
        rules = faults.Faults()
        rules.mix(0.2, seed)
        return [fault.name if fault else "" for fault in (rules.draw("/v2/orders") for _ in range(2_000))]

    names = Counter(drawn(1))
    assert drawn(1) == drawn(1) != drawn(2)
    assert 330 < 2_000 - names[""] < 470
    assert set(names) == {"", *(fault.name for fault in faults.retryable())}


def test_the_token_endpoint_can_be_spared():
    rules = faults.Faults()
    rules.always(faults.RESET)

    with_it = rules.draw("/oauth/access_token")
    rules.include_oauth = False

    assert with_it == faults.RESET
    assert rules.draw("/oauth/access_token") is None
    assert rules.draw("/v2/orders") == faults.RESET


def test_every_message_arrives_through_faults_when_the_sender_insists(segment, tracking):
    segment.faults.mix(0.4, seed=3, faults=faults.retryable(stall=0.01, retry_after=0))

    for number in range(60):
        insist(tracking, number)

    assert list(segment.unique()) == [f"m{number}" for number in range(60)]
    assert segment.drops["duplicate"] > 0


def insist(tracking, number):
    for _ in range(50):
        try:
            answer = post(tracking, number)
        except requests.RequestException:
            continue
        if answer.status_code == 200 and answer.headers["Content-Type"] == "application/json":
            return
    raise AssertionError("fifty tries were not enough")
