"""Segment's Public API stand-in: regulations from filing to their end, and what refuses."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from commerce_events.sandbox import faults
from commerce_events.sandbox.public_api import PublicApiStandIn
from commerce_events.sandbox.segment import SegmentStandIn

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
KIND = "SUPPRESS_WITH_DELETE"


class PublicCaller:
    def __init__(self, public_api: PublicApiStandIn) -> None:
        self.url = public_api.url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {public_api.token}"

    def get(self, path: str, **parameters: Any) -> requests.Response:
        dotted = {name.replace("__", "."): value for name, value in parameters.items()}
        return self.session.get(self.url + path, params=dotted, timeout=5)

    def regulate(self, *ids: object, kind: str = KIND, subject_type: str = "USER_ID") -> requests.Response:
        body = {"regulationType": kind, "subjectType": subject_type, "subjectIds": ids}
        return self.session.post(f"{self.url}/regulations", json=body, timeout=5)

    def status(self, regulation_id: str) -> str:
        return self.get(f"/regulations/{regulation_id}").json()["data"]["regulation"]["overallStatus"]


@pytest.fixture
def public_api(segment: SegmentStandIn) -> Iterator[PublicApiStandIn]:
    with PublicApiStandIn(segment, now=NOW) as stand_in:
        yield stand_in
        assert stand_in.crashes == []


@pytest.fixture
def caller(public_api: PublicApiStandIn) -> Iterator[PublicCaller]:
    made = PublicCaller(public_api)
    yield made
    made.session.close()


def test_time_leads_a_regulation_to_its_end(public_api, caller):
    filed = caller.regulate("u-1").json()["data"]["regulateId"]

    seen = [caller.status(filed)]
    for seconds in (61, 3_600):
        public_api.advance(seconds)
        seen.append(caller.status(filed))

    assert seen == ["INITIALIZED", "RUNNING", "FINISHED"]


@pytest.mark.parametrize("status", ["FAILED", "PARTIAL_SUCCESS", "NOT_SUPPORTED", "INVALID"])
def test_a_regulation_may_end_badly_at_any_destination(public_api, caller, status):
    filed = caller.regulate("u-1").json()["data"]["regulateId"]

    public_api.conclude(filed, status, Amplitude="NOT_SUPPORTED")

    found = caller.get(f"/regulations/{filed}").json()["data"]["regulation"]
    [stream] = found["streamStatus"]
    assert found["overallStatus"] == status
    assert found["finishedAt"] == "2026-03-30T12:00:00Z"
    assert {one["name"]: one["status"] for one in stream["destinationStatus"]} == {
        "Customer.io": status,
        "Amplitude": "NOT_SUPPORTED",
    }


def test_the_end_of_a_regulation_can_be_told_before_it_is_filed(public_api, caller):
    public_api.next_ends("FAILED", Braze="FAILED")

    bad, good = (caller.regulate(user).json()["data"]["regulateId"] for user in ("u-1", "u-2"))
    early = caller.get(f"/regulations/{bad}").json()["data"]["regulation"]
    public_api.advance(4_000)

    assert early["finishedAt"] is None
    assert {one["status"] for one in early["streamStatus"][0]["destinationStatus"]} == {"INITIALIZED"}
    assert (caller.status(bad), caller.status(good)) == ("FAILED", "FINISHED")


def test_a_regulation_ends_with_no_other_word(public_api):
    with pytest.raises(ValueError, match="RUNNING"):
        public_api.next_ends("RUNNING")


def test_whoever_is_suppressed_is_dropped_in_silence(segment, tracking, caller):
    message = b'{"batch": [{"type": "track", "event": "Seen", "userId": "u-1", "messageId": "%b"}]}'
    tracking.post(message % b"m1")

    caller.regulate("u-1")
    refused = tracking.post(message % b"m2")
    caller.regulate("u-1", kind="UNSUPPRESS")
    tracking.post(message % b"m3")

    assert refused.status_code == 200
    assert set(segment.unique()) == {"m1", "m3"}
    assert segment.drops == {"suppressed": 1}


@pytest.mark.parametrize(("kind", "suppressed"), [("DELETE_ONLY", []), ("SUPPRESS_ONLY", ["u-1"])])
def test_deleting_alone_suppresses_nobody(public_api, caller, kind, suppressed):
    caller.regulate("u-1", kind=kind)

    assert public_api.suppressed() == suppressed


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[", "body"),
        (b"[]", "regulationType"),
        (b'{"regulationType": "ERASE", "subjectType": "USER_ID", "subjectIds": ["u"]}', "regulationType"),
        (
            b'{"regulationType": "DELETE_ONLY", "subjectType": "ANONYMOUS_ID", "subjectIds": ["u"]}',
            "subjectType",
        ),
        (b'{"regulationType": "DELETE_ONLY", "subjectType": "USER_ID", "subjectIds": []}', "subjectIds"),
        (b'{"regulationType": "DELETE_ONLY", "subjectType": "USER_ID", "subjectIds": [17]}', "subjectIds"),
    ],
)
def test_a_malformed_regulation_is_told_which_field(public_api, caller, body, field):
    answer = caller.session.post(f"{caller.url}/regulations", data=body, timeout=5)

    [error] = answer.json()["errors"]
    assert answer.status_code == 422
    assert (error["field"], error["type"]) == (field, "validation")
    assert error["message"]
    assert public_api.regulations() == []


def test_a_call_takes_five_thousand_users(caller):
    assert caller.regulate(*map(str, range(5_000))).status_code == 200
    assert caller.regulate(*map(str, range(5_001))).status_code == 422


def test_a_month_takes_so_many_users(public_api, caller):
    public_api.book.most_per_month = 10
    first = caller.regulate(*"abcdefg")

    refused = caller.regulate(*"hijk")
    public_api.advance(2 * 86_400)

    assert [first.headers[f"X-RateLimit-{name}"] for name in ("Consumed", "Remaining", "Reset")] == [
        "7",
        "3",
        "Wed, 01 Apr 2026 00:00:00 GMT",
    ]
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == str(36 * 3_600)
    assert "h" not in public_api.suppressed()
    assert caller.regulate(*"hijk").status_code == 200


def test_too_many_requests_wait_out_the_minute(public_api, caller):
    public_api.window.per_minute = 3

    answers = [caller.get("/echo", message="hi") for _ in range(4)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    [error] = answers[3].json()["errors"]
    assert error["data"]["remainingPoints"] == 0
    assert 0 < error["data"]["msBeforeNext"] <= 60_000


def pages(caller, path, name, **parameters):
    found, cursor = [], {}
    while True:
        answer = caller.get(path, pagination__count=2, **cursor, **parameters).json()["data"]
        found.append(answer[name])
        if "next" not in answer["pagination"]:
            return found
        cursor = {"pagination__cursor": answer["pagination"]["next"]}


def test_regulations_are_listed_latest_first_behind_cursors(caller):
    for user in "abcde":
        caller.regulate(user)

    found = pages(caller, "/regulations", "regulations")

    assert [[one["subjects"] for one in page] for page in found] == [[["e"], ["d"]], [["c"], ["b"]], [["a"]]]
    assert set(found[0][0]) == {"id", "subjectType", "subjects", "status", "createdAt", "regulationType"}


def test_regulations_are_listed_by_status_and_type(public_api, caller):
    done = caller.regulate("a").json()["data"]["regulateId"]
    caller.regulate("b", kind="DELETE_ONLY")
    caller.regulate("c", kind="UNSUPPRESS")
    public_api.conclude(done)

    some = {"regulationTypes__0": "DELETE_ONLY", "regulationTypes__1": "UNSUPPRESS"}

    [[finished]] = pages(caller, "/regulations", "regulations", status="FINISHED")
    [others] = pages(caller, "/regulations", "regulations", **some)
    assert finished["id"] == done
    assert finished["finishedAt"]
    assert [one["subjects"] for one in others] == [["c"], ["b"]]


def test_a_regulation_is_forgotten_after_ninety_days(public_api, caller):
    filed = caller.regulate("u-1").json()["data"]["regulateId"]

    public_api.advance(91 * 86_400)

    assert caller.get(f"/regulations/{filed}").status_code == 404
    assert pages(caller, "/regulations", "regulations") == [[]]
    assert public_api.suppressed() == ["u-1"]


def test_suppressions_are_paged_too(caller):
    caller.regulate("a", "b", "c")

    found = pages(caller, "/suppressions", "suppressed")

    assert [one["subjectIds"] for page in found for one in page] == [["a", "b"], ["c"]]


def test_sources_tell_write_keys_to_a_source_admin_only(segment, public_api, caller):
    public_api.add_source("Another shop", "another-write-key", enabled=False)

    [sources] = pages(caller, "/sources", "sources")
    public_api.source_admin = False
    [hidden] = pages(caller, "/sources", "sources")

    assert [one["writeKeys"] for one in sources] == [sorted(segment.write_keys), ["another-write-key"]]
    assert [one["enabled"] for one in sources] == [True, False]
    assert [one["writeKeys"] for one in hidden] == [[], []]


@pytest.mark.parametrize(
    "query",
    [{}, {"pagination__count": 0}, {"pagination__count": 201}, {"pagination[count]": 2}]
    + [{"pagination__count": 2, "pagination__cursor": cursor} for cursor in ("2", "é", "YXQgeA==")],
)
def test_a_page_must_be_asked_for_as_documented(caller, query):
    assert caller.get("/sources", **query).status_code == 422


def test_an_echo_proves_the_token(public_api, caller):
    assert caller.get("/echo", message="hi").json()["data"]["message"] == "hi"
    assert caller.get("/echo").status_code == 422
    for given in ("", "Bearer wrong", f"Basic {public_api.token}"):
        answer = requests.get(f"{caller.url}/echo", headers={"Authorization": given}, timeout=5)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["type"] == "unauthorized"


@pytest.mark.parametrize(
    ("accepted", "status", "answered"),
    [
        ("application/vnd.segment.v1+json", 200, "application/vnd.segment.v1+json"),
        ("application/vnd.segment.v1beta+json, */*", 200, "application/vnd.segment.v1beta+json"),
        ("*/*", 200, "application/json"),
        ("application/vnd.segment.v2+json", 406, "application/json"),
    ],
)
def test_what_is_accepted_chooses_the_version(caller, accepted, status, answered):
    caller.session.headers["Accept"] = accepted

    answer = caller.get("/echo", message="hi")

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, answered)


@pytest.mark.parametrize("path", ["/regulations/none", "/nothing", "/regulations/a/b"])
def test_what_is_not_there_is_not_found(caller, path):
    answer = caller.get(path)

    assert answer.status_code == 404
    assert {"type", "message"} <= set(answer.json()["errors"][0])


def test_a_filing_may_be_taken_without_an_answer(public_api, caller):
    public_api.faults.next(faults.timeout(0.01, taken=True))

    with pytest.raises(requests.ConnectionError):
        caller.regulate("u-1")

    [filed] = public_api.regulations()
    assert filed["subjects"] == ["u-1"]
    assert public_api.suppressed() == ["u-1"]


def test_faults_speak_the_documented_body(public_api, caller):
    public_api.faults.next(faults.too_many(7))
    public_api.faults.next(faults.status(503))

    limited, broken = caller.get("/echo", message="hi"), caller.get("/echo", message="hi")

    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert limited.json()["errors"][0]["message"] == "Too many requests"
    assert broken.json()["errors"][0]["type"] == "server"
