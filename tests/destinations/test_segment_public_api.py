"""The Public API client over real HTTP: what it asks, and what each answer means."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from scripted import Scripted, in_seconds, scripted

from commerce_events.destinations.regulations import Regulation
from commerce_events.destinations.segment_public_api import BETA, SegmentPublicApi
from commerce_events.domain.errors import ConfigurationError, RejectedError, TransientError
from commerce_events.sandbox.public_api import DEFAULT_TOKEN, PublicApiStandIn

TOKEN = "sgp_token-of-a-test"
USERS = ["customer-17", "ann@shop.example"]
KIND = "SUPPRESS_WITH_DELETE"


@pytest.fixture
def segment() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def api(segment: Scripted, waits: list[float]) -> SegmentPublicApi:
    return SegmentPublicApi(requests.Session(), segment.url, TOKEN, sleep=waits.append, clock=lambda: 0.0)


def page(*ids: str, after: str | None = None) -> dict[str, Any]:
    sources = [{"id": one, "writeKeys": []} for one in ids]
    return {
        "data": {"sources": sources, "pagination": {"current": "c", **({"next": after} if after else {})}}
    }


def trouble(message: str, kind: str = "RequestError", **more: str) -> dict[str, Any]:
    return {"errors": [{"type": kind, "message": message, **more}]}


def test_a_request_is_signed_and_names_the_version_of_the_api(api, segment):
    segment.say(200, {"data": {"message": "commerce-events"}})

    api.echo()

    asked = segment.asked[0]
    assert (asked.method, asked.path, asked.query) == ("GET", "/echo", {"message": "commerce-events"})
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["Accept"] == "application/vnd.segment.v1+json"


def test_a_login_in_the_users_netrc_does_not_stand_in_for_the_token(
    api, segment, monkeypatch, tmp_path: Path
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else")
    monkeypatch.setenv("NETRC", str(netrc))
    segment.say(200, {"data": {}})

    api.echo()

    assert segment.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_nested_parameters_are_spelled_with_dots(api, segment):
    segment.say(200, {"data": {"total": 3}})

    query = {
        "groupBy": ["eventName", "appVersion"],
        "filter": {"eventName": ["A"]},
        "wide": True,
        "not": None,
    }
    data = api.get("/delivery-overview/successfully-received", query, accept=BETA)

    assert data == {"total": 3}
    assert segment.asked[0].headers["Accept"] == BETA
    assert segment.asked[0].query == {
        "groupBy.0": "eventName",
        "groupBy.1": "appVersion",
        "filter.eventName.0": "A",
        "wide": "true",
    }


@pytest.mark.parametrize("end", [{}, {"next": None}])
def test_pages_are_read_until_none_is_next(api, segment, end):
    segment.say(200, page("a", "b", after="c-2"))
    segment.say(200, {"data": {"sources": [{"id": "c"}], "pagination": {"current": "c-2", **end}}})

    sources = [source["id"] for source in api.sources()]

    assert sources == ["a", "b", "c"]
    assert [asked.query for asked in segment.asked] == [
        {"pagination.count": "200"},
        {"pagination.count": "200", "pagination.cursor": "c-2"},
    ]


def test_pages_that_lead_to_themselves_are_not_read_for_ever(api, segment):
    segment.say(200, page("a", after="c-2"), times=2)

    with pytest.raises(TransientError, match="do not move on"):
        list(api.sources())


def test_a_regulation_is_filed_for_user_ids(api, segment):
    segment.say(200, {"data": {"regulateId": "reg-1"}})

    filed = api.regulate(KIND, USERS)

    assert filed == "reg-1"
    assert (segment.asked[0].method, segment.asked[0].path) == ("POST", "/regulations")
    assert segment.asked[0].document == {
        "regulationType": KIND,
        "subjectType": "USER_ID",
        "subjectIds": USERS,
    }


def test_a_regulation_tells_its_status_and_that_of_each_destination(api, segment):
    states = [
        {"name": name, "id": "x", "status": status} for name, status in (("B", "FAILED"), ("A", "FINISHED"))
    ]
    told = {"overallStatus": "FAILED", "streamStatus": [{"id": "s", "destinationStatus": states}]}
    segment.say(200, {"data": {"regulation": told}})

    found = api.regulation("reg/1")

    assert found == Regulation("FAILED", (("B", "FAILED"), ("A", "FINISHED")))
    assert segment.asked[0].path == "/regulations/reg%2F1"


@pytest.mark.parametrize("data", [{}, {"regulation": None}, {"regulation": {"id": "reg-1"}}])
def test_an_answer_without_a_status_says_nothing(api, segment, data):
    segment.say(200, {"data": data})

    with pytest.raises(TransientError, match="no status"):
        api.regulation("reg-1")


@pytest.mark.parametrize(
    ("status", "states", "ended", "only_unsupported", "detail"),
    [
        ("RUNNING", ["RUNNING"], False, False, ""),
        ("A_NEW_WORD", [], False, False, ""),
        ("FINISHED", ["FINISHED", "FINISHED"], True, False, ""),
        ("FAILED", ["FINISHED", "NOT_SUPPORTED"], True, True, "not supported by d1"),
        ("FAILED", ["FAILED", "NOT_SUPPORTED"], True, False, "not done by d0; not supported by d1"),
        ("FAILED", ["FAILED", "FINISHED", "INVALID"], True, False, "not done by d0, d2"),
        ("FAILED", [], True, False, ""),
        ("NOT_SUPPORTED", ["NOT_SUPPORTED"], True, False, "not supported by d0"),
        ("PARTIAL_SUCCESS", ["FAILED", "FINISHED"], True, False, "not done by d0"),
    ],
)
def test_what_became_of_a_regulation(status, states, ended, only_unsupported, detail):
    regulation = Regulation(status, tuple((f"d{place}", state) for place, state in enumerate(states)))

    assert (regulation.ended, regulation.only_unsupported, regulation.detail) == (
        ended,
        only_unsupported,
        detail,
    )


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529, None])
def test_a_read_is_repeated_after_a_passing_trouble(api, segment, waits, status):
    segment.say(status, b"<html>", times=2)
    segment.say(200, page("a"))

    assert [source["id"] for source in api.sources()] == ["a"]
    assert waits == [1.0, 2.0]


def test_patience_ends(api, segment, waits):
    segment.say(500, trouble("oh"), times=9)

    with pytest.raises(TransientError, match=r"GET /echo: Segment answered 500 \(RequestError, oh\)"):
        api.echo()

    assert (len(segment.asked), waits) == (5, [1.0, 2.0, 4.0, 8.0])


def test_the_asked_for_wait_is_kept(api, segment, waits):
    segment.say(429, trouble("Too many requests"), Retry_After="58")
    segment.say(200, {"data": {}})

    api.echo()

    assert waits == [58.0]


def test_a_longer_wait_is_left_to_the_next_run(api, segment, waits):
    segment.say(429, trouble("Too many requests"), Retry_After="100")

    with pytest.raises(TransientError) as caught:
        api.echo()

    assert (caught.value.after, waits) == (100.0, [])


def test_a_window_used_up_is_waited_out_before_the_next_request(api, segment, waits):
    segment.say(200, {"data": {}}, X_RateLimit_Remaining="0", X_RateLimit_Reset=in_seconds(40))
    segment.say(200, {"data": {}}, X_RateLimit_Remaining="7", X_RateLimit_Reset=in_seconds(40))

    api.echo()
    assert waits == []
    api.echo()

    assert waits == [pytest.approx(40, abs=2)]


def test_a_quota_of_the_month_is_not_waited_for(api, segment, waits):
    segment.say(200, {"data": {}}, X_RateLimit_Remaining="0", X_RateLimit_Reset=in_seconds(900_000))
    segment.say(200, {"data": {}})

    api.echo()
    api.echo()

    assert waits == []


@pytest.mark.parametrize("status", [408, 500, 503, 504, None])
def test_a_regulation_that_may_have_been_filed_is_not_filed_again_in_one_call(api, segment, status):
    segment.say(status, trouble("oh"), times=2)

    with pytest.raises(TransientError) as caught:
        api.regulate(KIND, USERS)

    assert caught.value.maybe_taken
    assert len(segment.asked) == 1


@pytest.mark.parametrize(
    "body", [b"<html>", {"data": {}}, {"data": {"regulateId": None}}, {"regulateId": "x"}]
)
def test_a_success_without_a_regulation_may_have_filed_one(api, segment, body):
    segment.say(200, body)

    with pytest.raises(TransientError) as caught:
        api.regulate(KIND, USERS)

    assert caught.value.maybe_taken
    assert len(segment.asked) == 1


def test_a_regulation_refused_for_its_pace_alone_is_filed_again(api, segment, waits):
    segment.say(429, trouble("Too many requests"), Retry_After="3")
    segment.say(200, {"data": {"regulateId": "reg-1"}})

    assert api.regulate(KIND, USERS) == "reg-1"
    assert waits == [3.0]


@pytest.mark.parametrize("status", [301, 401, 403])
def test_a_wrong_token_or_host_stops_everything_and_names_the_connection(api, segment, status):
    segment.say(status, trouble("no"))

    with pytest.raises(ConfigurationError, match=r"connection segment_public_api_default") as caught:
        api.echo()

    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refusal_says_why(api, segment, status):
    segment.say(status, trouble("startTime is too old"))

    with pytest.raises(RejectedError, match=rf"{status} \(RequestError, startTime is too old\)"):
        api.echo()


@pytest.mark.parametrize("status", [404, 422, 500])
def test_an_error_about_people_does_not_name_them(api, segment, status):
    said = f"{USERS[0]} and {USERS[1]} are no good"
    segment.say(status, trouble(said, "Invalid", field="subjectIds[1]", data=USERS[1]))

    with pytest.raises((RejectedError, TransientError), match=r"\(Invalid, subjectIds\[1\]\)") as caught:
        api.regulate(KIND, USERS)

    assert not [user for user in USERS if user in str(caught.value)]


def test_nothing_listening_is_a_passing_trouble(waits):
    with scripted() as gone:
        pass
    api = SegmentPublicApi(requests.Session(), gone.url, TOKEN, sleep=waits.append)

    with pytest.raises(TransientError, match="segment_public_api_default"):
        api.echo()

    assert len(waits) == 4


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("", TOKEN),
        ("api.segmentapis.com", TOKEN),
        ("https://api.segmentapis.com", ""),
        ("https://api.segmentapis.com", "two words"),
        ("https://api.segmentapis.com", "line\nbreak"),
        ("https://api.segmentapis.com", "schlüssel"),
    ],
)
def test_what_cannot_be_a_host_or_token_is_refused_before_anything_is_sent(url, token):
    with pytest.raises(ConfigurationError, match="connection segment_public_api_default") as caught:
        SegmentPublicApi(requests.Session(), url, token)

    assert not token or token not in str(caught.value)


def test_the_whole_workspace_is_read_from_the_stand_in(waits):
    with PublicApiStandIn() as stand_in:
        for number in range(450):
            stand_in.add_source(f"Source {number}", f"key-{number}")
        api = SegmentPublicApi(requests.Session(), stand_in.url, DEFAULT_TOKEN, sleep=waits.append)

        api.echo()
        keys = [key for source in api.sources() for key in source["writeKeys"]]

    assert keys == [f"key-{number}" for number in range(450)]
    assert waits == []


def test_the_stand_in_refuses_an_unknown_token():
    with PublicApiStandIn() as stand_in:
        api = SegmentPublicApi(requests.Session(), stand_in.url, "another-token", connection="mine")

        with pytest.raises(ConfigurationError, match="token of connection mine"):
            api.echo()
