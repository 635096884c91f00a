"""Filing regulations and following them, against a real ledger and an API that speaks HTTP."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from scripted import Asked, Prepared, Scripted, scripted

from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.domain.errors import AttentionError, ConfigurationError, TransientError
from commerce_events.domain.moments import micros
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import erasure
from commerce_events.steps.regulate import file_regulations, follow_regulations

KIND = "SUPPRESS_WITH_DELETE"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def segment() -> Iterator[Scripted]:
    with scripted() as server:
        server.rule = lambda asked: Prepared(200, {"data": {"regulateId": f"reg-{len(filed(server))}"}})
        yield server


@pytest.fixture
def api(segment: Scripted) -> SegmentPublicApi:
    return SegmentPublicApi(requests.Session(), segment.url, "token", sleep=lambda _: None)


@pytest.fixture
def erase(ledger: Ledger) -> Callable[..., None]:
    """Put people into the queue of those to be named in a regulation."""

    def erase(*users: str, store: str = "shop", **fields: Any) -> None:
        with ledger.engine.begin() as connection:
            rows = [
                {
                    "store": store,
                    "value": user[::-1],
                    "user_id": user,
                    "asked_at": micros(NOW) + place,
                    **fields,
                }
                for place, user in enumerate(users)
            ]
            connection.execute(erasure.insert(), rows)

    return erase


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def filed(segment: Scripted) -> list[list[str]]:
    """The users of each regulation that was asked for."""
    return [asked.document["subjectIds"] for asked in segment.asked if asked.method == "POST"]


def regulation(status: str, **states: str) -> dict[str, Any]:
    named = [
        {"name": name, "id": name, "status": state, "errString": "u-1 not found"}
        for name, state in states.items()
    ]
    stream = {"id": "source", "destinationStatus": named}
    return {"data": {"regulation": {"id": "x", "overallStatus": status, "streamStatus": [stream]}}}


def test_the_erased_are_filed_once(ledger, api, segment, erase):
    erase("u-1", "u-2")

    first = file_regulations(ledger, api, KIND, clock=at(NOW))
    second = file_regulations(ledger, api, KIND, clock=at(NOW))

    assert filed(segment) == [["u-1", "u-2"]]
    assert segment.asked[0].document["regulationType"] == KIND
    assert (first["filed"], first["regulations"], +second) == (2, 1, {})
    assert ledger.erasures.open_regulations() == ["reg-1"]


def test_a_person_of_two_stores_is_named_once(ledger, api, segment, erase):
    erase("u-1")
    erase("u-1", "u-2", store="other")

    file_regulations(ledger, api, KIND, clock=at(NOW))

    assert filed(segment) == [["u-1", "u-2"]]
    assert ledger.erasures.unfiled(9) == []


def test_no_call_names_more_than_five_thousand(ledger, api, segment, erase):
    users = [f"u-{number}" for number in range(5_001)]
    erase(*users)

    outcome = file_regulations(ledger, api, KIND, clock=at(NOW))

    assert [len(named) for named in filed(segment)] == [5_000, 1]
    assert sorted(user for named in filed(segment) for user in named) == sorted(users)
    assert outcome["regulations"] == 2


def test_what_exceeds_a_month_waits_for_the_next(ledger, api, segment, erase):
    earlier = {"regulation_id": "old", "filed_at": micros(NOW - timedelta(days=3))}
    erase(*(f"f-{number}" for number in range(109_998)), **earlier)
    erase("u-1", "u-2", "u-3")

    this_month = file_regulations(ledger, api, KIND, clock=at(NOW))
    again = file_regulations(ledger, api, KIND, clock=at(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)))
    next_month = file_regulations(ledger, api, KIND, clock=at(datetime(2026, 12, 1, tzinfo=UTC)))

    assert (this_month["filed"], this_month["waiting"]) == (2, 1)
    assert (again["filed"], again["waiting"]) == (0, 1)
    assert (next_month["filed"], next_month["waiting"]) == (1, 0)
    assert filed(segment) == [["u-1", "u-2"], ["u-3"]]


def test_nobody_is_forgotten_by_a_run_that_dies_after_filing(ledger, api, segment, erase):
    erase("u-1")
    moments = iter([NOW])

    def stopping() -> datetime:
        """The step asks the time once before it files, and once to write down that it did."""
        return next(moments)

    with pytest.raises(StopIteration):
        file_regulations(ledger, api, KIND, clock=stopping)
    file_regulations(ledger, api, KIND, clock=at(NOW))

    assert filed(segment) == [["u-1"], ["u-1"]]
    assert ledger.erasures.open_regulations() == ["reg-2"]


def test_nobody_is_forgotten_when_the_answer_is_lost(ledger, api, segment, erase):
    erase("u-1")
    segment.say(None)

    with pytest.raises(TransientError) as caught:
        file_regulations(ledger, api, KIND, clock=at(NOW))
    file_regulations(ledger, api, KIND, clock=at(NOW))

    assert caught.value.maybe_taken
    assert filed(segment) == [["u-1"], ["u-1"]]
    assert ledger.erasures.unfiled(9) == []


def test_one_refused_id_does_not_keep_the_others(ledger, api, segment, erase):
    erase(*(f"u-{number}" for number in range(9)), "bad")

    def refuse_the_bad(asked: Asked) -> Prepared:
        if "bad" in asked.document["subjectIds"]:
            return Prepared(422, {"errors": [{"type": "Invalid", "message": "bad is bad"}]})
        return Prepared(200, {"data": {"regulateId": f"reg-{len(segment.asked)}"}})

    segment.rule = refuse_the_bad

    with pytest.raises(AttentionError, match="refuses to erase 1 of 10 users"):
        file_regulations(ledger, api, KIND, clock=at(NOW))

    assert [waiting.user_id for waiting in ledger.erasures.unfiled(99)] == ["bad"]


def test_an_api_that_refuses_everything_is_not_asked_for_every_single_user(ledger, api, segment, erase):
    erase(*(f"u-{number}" for number in range(1_000)))
    segment.rule = lambda asked: Prepared(422, {"errors": []})

    with pytest.raises(AttentionError, match="refuses to erase 1000 of 1000 users"):
        file_regulations(ledger, api, KIND, clock=at(NOW))

    assert len(segment.asked) < 60
    assert len(ledger.erasures.unfiled(9_999)) == 1_000


@pytest.mark.parametrize("kind", ["UNSUPPRESS", "none", ""])
def test_only_what_erases_can_be_filed(ledger, api, segment, erase, kind):
    erase("u-1")

    with pytest.raises(ConfigurationError, match="SUPPRESS_WITH_DELETE"):
        file_regulations(ledger, api, kind, clock=at(NOW))

    assert segment.asked == []


def test_a_regulation_is_followed_to_its_end_and_the_id_goes(ledger, api, segment, erase):
    erase("u-1")
    file_regulations(ledger, api, KIND, clock=at(NOW))
    segment.say(200, regulation("RUNNING", Braze="RUNNING"))
    segment.say(200, regulation("FINISHED", Braze="FINISHED"))

    first = follow_regulations(ledger, api, clock=at(NOW))
    open_between = ledger.erasures.open_regulations()
    second = follow_regulations(ledger, api, clock=at(NOW))
    third = follow_regulations(ledger, api, clock=at(NOW))

    assert (first, second, third) == ({"running": 1}, {"finished": 1}, {})
    assert (open_between, ledger.erasures.open_regulations()) == (["reg-1"], [])
    with ledger.engine.connect() as connection:
        assert [row.user_id for row in connection.execute(erasure.select())] == [None]


@pytest.mark.parametrize(
    ("status", "states", "counted", "detail"),
    [
        ("FAILED", {"Braze": "FAILED", "S3": "FINISHED"}, "failed", "not done by Braze"),
        ("FAILED", {"Meta": "NOT_SUPPORTED", "S3": "FINISHED"}, "only_unsupported", "not supported by Meta"),
        ("PARTIAL_SUCCESS", {"Braze": "FAILED"}, "partial_success", "not done by Braze"),
        ("NOT_SUPPORTED", {"Meta": "NOT_SUPPORTED"}, "not_supported", "not supported by Meta"),
        ("INVALID", {}, "invalid", ""),
    ],
)
def test_the_ledger_keeps_which_destinations_did_not_erase(
    ledger, api, segment, erase, status, states, counted, detail
):
    erase("u-1")
    file_regulations(ledger, api, KIND, clock=at(NOW))
    segment.say(200, regulation(status, **states))

    outcome = follow_regulations(ledger, api, clock=at(NOW))

    known = ledger.erasures.all()[0]
    assert outcome == {counted: 1}
    assert (known.status, known.detail) == (status, detail)
    assert ledger.erasures.open_regulations() == []


def test_a_regulation_segment_does_not_know_stays_open_and_stops_no_other(ledger, api, segment, erase):
    erase("u-1", regulation_id="reg-a", filed_at=micros(NOW))
    erase("u-2", regulation_id="reg-b", filed_at=micros(NOW))

    def know_one(asked: Asked) -> Prepared:
        known = asked.path.endswith("reg-b")
        gone = {"errors": [{"type": "NotFound", "message": "no such regulation"}]}
        return Prepared(200, regulation("FINISHED")) if known else Prepared(404, gone)

    segment.rule = know_one

    outcome = follow_regulations(ledger, api, clock=at(NOW))

    assert outcome == {"not_found": 1, "finished": 1}
    assert ledger.erasures.open_regulations() == ["reg-a"]


def test_no_log_names_anybody(ledger, api, segment, erase, caplog):
    caplog.set_level(logging.DEBUG)
    erase("u-1", "u-2")
    segment.say(422, {"errors": [{"type": "Invalid", "message": "u-1 is bad"}]}, times=2)

    with pytest.raises(AttentionError) as caught:
        file_regulations(ledger, api, KIND, clock=at(NOW))
    segment.say(200, regulation("FAILED", Braze="FAILED"))
    follow_regulations(ledger, api, clock=at(NOW))

    said = caplog.text + str(caught.value)
    assert "not done by Braze" in said
    assert not [user for user in ("u-1", "u-2") if user in said]
