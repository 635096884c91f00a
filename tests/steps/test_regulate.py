"""Filing regulations and following them, against a real ledger and a Public API that speaks HTTP."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.domain.errors import AttentionError, ConfigurationError, TransientError
from commerce_events.domain.moments import micros
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.people_tables import erasure
from commerce_events.sandbox import faults
from commerce_events.sandbox.public_api import DEFAULT_TOKEN, PublicApiStandIn
from commerce_events.steps.regulate import Workspace, file_regulations, follow_regulations, regulate

KIND = "SUPPRESS_WITH_DELETE"
STORES = ("shop", "other")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOST = faults.timeout(0.02, taken=True)


@pytest.fixture
def segment() -> Iterator[PublicApiStandIn]:
    with PublicApiStandIn(now=NOW) as stand_in:
        yield stand_in


@pytest.fixture
def api(segment: PublicApiStandIn) -> SegmentPublicApi:
    return SegmentPublicApi(requests.Session(), segment.url, DEFAULT_TOKEN, sleep=lambda _: None)


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


def filed(segment: PublicApiStandIn) -> list[list[str]]:
    """The users of each regulation that Segment took, the first one first."""
    return [list(one["subjects"]) for one in reversed(segment.regulations())]


def test_the_erased_are_filed_once(ledger, api, segment, erase):
    erase("u-1", "u-2")

    first = file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))
    second = file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))

    assert filed(segment) == [["u-1", "u-2"]]
    assert segment.regulations()[0]["regulationType"] == KIND
    assert segment.suppressed() == ["u-1", "u-2"]
    assert (first["filed"], first["regulations"], +second) == (2, 1, {})
    assert ledger.regulations.open(STORES) == [segment.regulations()[0]["id"]]


def test_a_person_of_two_stores_is_named_once(ledger, api, segment, erase):
    erase("u-1")
    erase("u-1", "u-2", store="other")

    file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))

    assert filed(segment) == [["u-1", "u-2"]]
    assert ledger.regulations.unfiled(STORES, 9) == []


def test_no_call_names_more_than_five_thousand(ledger, api, segment, erase):
    users = [f"u-{number}" for number in range(5_001)]
    erase(*users)

    outcome = file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))

    assert [len(named) for named in filed(segment)] == [5_000, 1]
    assert sorted(user for named in filed(segment) for user in named) == sorted(users)
    assert outcome["regulations"] == 2


def test_what_exceeds_a_month_waits_for_the_next(ledger, api, segment, erase):
    earlier = {"regulation_id": "old", "filed_at": micros(NOW - timedelta(days=3))}
    erase(*(f"f-{number}" for number in range(109_998)), **earlier)
    erase("u-1", "u-2", "u-3")

    this_month = file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))
    again = file_regulations(
        ledger, api, KIND, stores=STORES, clock=at(datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    )
    next_month = file_regulations(
        ledger, api, KIND, stores=STORES, clock=at(datetime(2026, 12, 1, tzinfo=UTC))
    )

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
        file_regulations(ledger, api, KIND, stores=STORES, clock=stopping)
    file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))

    assert filed(segment) == [["u-1"], ["u-1"]]
    assert ledger.regulations.open(STORES) == [segment.regulations()[0]["id"]]


def test_nobody_is_forgotten_when_the_answer_is_lost(ledger, api, segment, erase):
    erase("u-1")
    segment.faults.next(LOST)

    with pytest.raises(TransientError) as caught:
        file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))
    file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))

    assert caught.value.maybe_taken
    assert filed(segment) == [["u-1"], ["u-1"]]
    assert ledger.regulations.unfiled(STORES, 9) == []


def test_a_month_that_others_have_used_up_is_no_failure(ledger, api, segment, erase):
    users = [f"u-{number}" for number in range(5_003)]
    erase(*users)
    segment.book.most_per_month = 5_001

    outcome = file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))

    assert (outcome["filed"], outcome["waiting"]) == (5_000, 3)
    assert [waiting.user_id for waiting in ledger.regulations.unfiled(STORES, 9)] == users[-3:]


@pytest.mark.parametrize("fault", [faults.status(500), faults.status(503, retry_after=2), faults.RESET])
def test_an_api_in_trouble_fails_the_run(ledger, api, segment, erase, fault):
    erase("u-1")
    segment.faults.always(fault)

    with pytest.raises(TransientError):
        file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))

    assert len(ledger.regulations.unfiled(STORES, 9)) == 1


def test_one_refused_id_does_not_keep_the_others(ledger, api, segment, erase):
    refused = ""  # no id for Segment, though the ledger has nothing against it
    erase(*(f"u-{number}" for number in range(9)), refused)

    with pytest.raises(AttentionError, match="refuses to erase 1 users"):
        file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))

    assert [waiting.user_id for waiting in ledger.regulations.unfiled(STORES, 99)] == [refused]


def test_an_api_that_refuses_everything_is_not_asked_for_every_single_user(ledger, api, segment, erase):
    erase(*(f"u-{number}" for number in range(1_000)))
    segment.faults.always(faults.status(422))

    with pytest.raises(AttentionError, match="refuses to erase 1000 users"):
        file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))

    assert segment.requests.total < 60
    assert len(ledger.regulations.unfiled(STORES, 9_999)) == 1_000


@pytest.mark.parametrize("kind", ["UNSUPPRESS", "none", ""])
def test_only_what_erases_can_be_filed(ledger, api, segment, erase, kind):
    erase("u-1")

    with pytest.raises(ConfigurationError, match="SUPPRESS_WITH_DELETE"):
        file_regulations(ledger, api, kind, stores=STORES, clock=at(NOW))

    assert segment.requests.total == 0


def test_a_regulation_is_followed_to_its_end_and_the_id_goes(ledger, api, segment, erase):
    erase("u-1")
    file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))
    seen = []

    for seconds in (0, 120, 7_200):
        segment.advance(seconds)
        seen.append(follow_regulations(ledger, api, stores=STORES, clock=segment.now))

    known = ledger.regulations.all()[0]
    assert seen == [{"initialized": 1}, {"running": 1}, {"finished": 1}]
    assert (known.status, known.detail) == ("FINISHED", "")
    assert follow_regulations(ledger, api, stores=STORES, clock=segment.now) == {}
    with ledger.engine.connect() as connection:
        assert [row.user_id for row in connection.execute(erasure.select())] == [None]


@pytest.mark.parametrize(
    ("status", "states", "counted", "detail"),
    [
        ("FAILED", {"Amplitude": "FAILED", "S3": "FINISHED"}, "failed", "not done by Amplitude"),
        ("FAILED", {"Amplitude": "NOT_SUPPORTED"}, "only_unsupported", "not supported by Amplitude"),
        ("PARTIAL_SUCCESS", {"Braze": "FAILED"}, "partial_success", "not done by Braze"),
        ("NOT_SUPPORTED", {"Meta": "NOT_SUPPORTED"}, "not_supported", "not supported by Meta"),
        ("INVALID", {}, "invalid", ""),
    ],
)
def test_the_ledger_keeps_which_destinations_did_not_erase(
    ledger, api, segment, erase, status, states, counted, detail
):
    everywhere = {"Customer.io": "FINISHED", "Amplitude": "FINISHED"}
    erase("u-1")
    segment.next_ends(status, **{**everywhere, **states})
    file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))
    segment.advance(7_200)

    outcome = follow_regulations(ledger, api, stores=STORES, clock=segment.now)

    known = ledger.regulations.all()[0]
    assert outcome == {counted: 1}
    assert (known.status, known.detail) == (status, detail)
    assert ledger.regulations.open(STORES) == []


def test_a_regulation_segment_does_not_know_stays_open_and_stops_no_other(ledger, api, segment, erase):
    erase("u-1", regulation_id="a-reg-of-another-workspace", filed_at=micros(NOW))
    erase("u-2")
    file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))
    segment.advance(7_200)

    outcome = follow_regulations(ledger, api, stores=STORES, clock=segment.now)

    assert outcome == {"not_found": 1, "finished": 1}
    assert ledger.regulations.open(STORES) == ["a-reg-of-another-workspace"]


def test_no_log_names_anybody(ledger, api, segment, erase, caplog):
    caplog.set_level(logging.DEBUG)
    erase("u-1", "u-2", "")
    segment.next_ends("FAILED", Amplitude="FAILED")

    with pytest.raises(AttentionError) as caught:
        file_regulations(ledger, api, KIND, stores=STORES, clock=at(NOW))
    segment.advance(7_200)
    follow_regulations(ledger, api, stores=STORES, clock=segment.now)

    said = caplog.text + str(caught.value) + str(ledger.regulations.all())
    assert "not done by Amplitude" in said
    assert not [user for user in ("u-1", "u-2") if user in said]


@pytest.fixture
def other() -> Iterator[PublicApiStandIn]:
    """The Public API of another workspace."""
    with PublicApiStandIn(now=NOW) as stand_in:
        yield stand_in


def client(segment: PublicApiStandIn, token: str = DEFAULT_TOKEN) -> SegmentPublicApi:
    return SegmentPublicApi(requests.Session(), segment.url, token, sleep=lambda _: None)


def test_stores_with_connections_of_their_own_never_mix(ledger, segment, other, erase):
    erase("u-1")
    erase("u-1", "u-2", store="other")
    workspaces = [
        Workspace("ours", client(segment), {"shop": KIND}),
        Workspace("theirs", client(other), {"other": "DELETE_ONLY"}),
    ]

    first = regulate(ledger, workspaces, clock=at(NOW))
    for stand_in in (segment, other):
        stand_in.advance(7_200)
    second = regulate(ledger, workspaces, clock=at(NOW))

    assert (filed(segment), filed(other)) == ([["u-1"]], [["u-1", "u-2"]])
    assert [one.regulations()[0]["regulationType"] for one in (segment, other)] == [KIND, "DELETE_ONLY"]
    assert (first["filed"], second["finished"], second["not_found"]) == (3, 2, 0)


def test_stores_of_one_connection_may_ask_for_different_things(ledger, segment, erase):
    erase("u-1")
    erase("u-2", store="other")

    regulate(
        ledger, [Workspace("ours", client(segment), {"shop": KIND, "other": "DELETE_ONLY"})], clock=at(NOW)
    )

    asked = {one["regulationType"]: one["subjects"] for one in segment.regulations()}
    assert asked == {KIND: ["u-1"], "DELETE_ONLY": ["u-2"]}


def test_without_a_connection_and_for_stores_not_named_everybody_waits(ledger, segment, erase, caplog):
    erase("u-1", "u-2")
    erase("u-3", store="other")

    outcome = regulate(ledger, [Workspace("nowhere", None, {"shop": KIND})], clock=at(NOW))

    assert outcome == {"not filed": 2}
    assert "2 erasures wait: there is no connection nowhere" in caplog.text
    assert len(ledger.regulations.unfiled(STORES, 9)) == 3


def test_a_workspace_in_trouble_stops_no_other(ledger, segment, other, erase):
    erase("u-1")
    erase("u-2", store="other")
    workspaces = [
        Workspace("ours", client(segment, "not-the-token"), {"shop": KIND}),
        Workspace("theirs", client(other), {"other": KIND}),
    ]

    with pytest.raises(ConfigurationError, match="check the token"):
        regulate(ledger, workspaces, clock=at(NOW))

    assert filed(other) == [["u-2"]]


def test_who_was_erased_before_is_filed_again(ledger, api, segment):
    for _ in range(2):
        ledger.erasures.erase("shop", "u-1", b"key", NOW)
        regulate(ledger, [Workspace("ours", api, {"shop": KIND})], clock=at(NOW))
        segment.advance(7_200)
        regulate(ledger, [Workspace("ours", api, {"shop": KIND})], clock=at(NOW))

    assert filed(segment) == [["u-1"], ["u-1"]]
    assert [(one.status, one.people) for one in ledger.regulations.all()] == [("FINISHED", 1)]


def test_who_waits_keeps_their_place_when_erased_again(ledger):
    for minutes, user in enumerate(("u-1", "u-2", "u-1")):
        ledger.erasures.erase("shop", user, b"key", NOW + timedelta(minutes=minutes))

    assert [one.user_id for one in ledger.regulations.unfiled(STORES, 9)] == ["u-1", "u-2"]


def ended_badly(ledger: Ledger, segment: PublicApiStandIn, *users: str) -> str:
    """A regulation for these users that failed; the run that finds out goes red."""
    for user in users:
        ledger.erasures.erase("shop", user, b"key", NOW)
    segment.next_ends("FAILED", Amplitude="FAILED")
    workspaces = [Workspace("ours", client(segment), {"shop": KIND})]
    regulate(ledger, workspaces, clock=at(NOW))
    segment.advance(7_200)
    with pytest.raises(AttentionError, match="1 regulations ended badly"):
        regulate(ledger, workspaces, clock=at(NOW))
    assert regulate(ledger, workspaces, clock=at(NOW)) == {}
    return str(segment.regulations()[0]["id"])


def test_ids_stay_while_a_person_must_act_and_go_when_they_did(ledger, segment):
    regulation = ended_badly(ledger, segment, "u-1", "u-2")

    (before,) = ledger.regulations.all()
    closed = ledger.regulations.close(regulation, NOW)
    (after,) = ledger.regulations.all()

    assert (before.user_ids, before.status) == (("u-1", "u-2"), "FAILED")
    assert (closed, after.user_ids, after.status) == (2, (), "FAILED")
    assert ledger.regulations.left_to_people() == 0
    with ledger.engine.connect() as connection:
        assert {row.user_id for row in connection.execute(erasure.select())} == {None}


def test_what_ended_badly_can_be_filed_again(ledger, api, segment):
    regulation = ended_badly(ledger, segment, "u-1", "u-2")

    again = ledger.regulations.file_again(regulation)
    regulate(ledger, [Workspace("ours", api, {"shop": KIND})], clock=at(NOW))

    assert again == 2
    assert filed(segment) == [["u-1", "u-2"], ["u-1", "u-2"]]
    assert ledger.regulations.left_to_people() == 0


def test_who_waits_can_be_let_go(ledger):
    ledger.erasures.erase("shop", "u-1", b"key", NOW)

    assert ledger.regulations.close("u-1", NOW) == 1
    assert ledger.regulations.waiting(STORES) == 0
    assert [one.status for one in ledger.regulations.all()] == ["WITHDRAWN"]
