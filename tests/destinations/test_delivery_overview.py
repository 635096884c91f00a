"""The Delivery Overview over real HTTP: what is asked, what is understood, and where a write key leads."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests
from scripted import Scripted, in_seconds, scripted

from commerce_events.destinations.delivery_overview import (
    Counted,
    DeliveryOverview,
    Granularity,
    Receiver,
    Source,
    Stage,
    hour_of,
    source_of,
)
from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.domain.errors import ConfigurationError, RejectedError, TransientError
from commerce_events.sandbox.public_api import DEFAULT_TOKEN, PublicApiStandIn
from commerce_events.sandbox.segment import DEFAULT_KEY, SegmentStandIn

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def told() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def overview(told: Scripted, waits: list[float]) -> DeliveryOverview:
    api = SegmentPublicApi(requests.Session(), told.url, "token", sleep=waits.append, clock=lambda: 0.0)
    return DeliveryOverview(api, Source("source-1", "Shop", True))


def answer(*rows: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    pages = {"current": "c", **({"next": after} if after else {})}
    return {"data": {"total": 0, "dataset": list(rows), "pagination": pages}}


def row(count: int, at: datetime = NOON, **names: str) -> dict[str, Any]:
    series = [{"time": at.isoformat().replace("+00:00", "Z"), "count": count}]
    return {"eventType": "track", "total": count, "series": series, **names}


def test_parameters_are_dotted_and_name_source_span_and_groups(overview, told):
    told.say(200, answer())

    assert list(overview.counts(Stage.FAILED_ON_INGEST, NOON, NOON + HOUR, by_run=True)) == []

    asked = told.asked[0]
    assert asked.path == "/delivery-overview/failed-on-ingest"
    assert asked.headers["Accept"] == "application/vnd.segment.v1beta+json"
    assert asked.query == {
        "sourceId": "source-1",
        "granularity": "HOUR",
        "groupBy.0": "eventName",
        "groupBy.1": "eventType",
        "groupBy.2": "appVersion",
        "groupBy.3": "discardReason",
        "startTime": "2026-03-01T12:00:00Z",
        "endTime": "2026-03-01T13:00:00Z",
        "pagination.count": "200",
    }


def test_counts_are_read_over_all_pages(overview, told):
    told.say(200, answer(row(3, eventName="Order Completed"), after="c-2"))
    told.say(200, answer(row(2, eventType="identify"), row(0, eventName="Order Updated")))

    found = list(overview.counts(Stage.RECEIVED, NOON, NOON + HOUR))

    assert found == [Counted(NOON, "Order Completed", 3), Counted(NOON, "identify", 2)]
    assert told.asked[1].query["pagination.cursor"] == "c-2"


@pytest.mark.parametrize(("granularity", "requests"), [(Granularity.HOUR, 3), (Granularity.DAY, 1)])
def test_a_span_is_asked_for_within_the_documented_limits(overview, told, granularity, requests):
    told.say(200, answer(), times=requests)
    start = NOON - timedelta(days=30)

    list(overview.counts(Stage.RECEIVED, start, NOON, granularity=granularity))

    spans = [(asked.query["startTime"], asked.query["endTime"]) for asked in told.asked]
    assert len(spans) == requests
    assert spans[0][0] == "2026-01-30T12:00:00Z"
    assert spans[-1][1] == "2026-03-01T12:00:00Z"
    assert all(one[1] == later[0] for one, later in pairwise(spans))


def test_destinations_are_asked_for_one_by_one(overview, told):
    told.say(200, answer(row(1, eventName="A", discardReason="FILTERED_BY_RULES")))
    receiver = Receiver("dest-1", "Customer.io")

    found = list(overview.counts(Stage.FILTERED, NOON, NOON + HOUR, receiver=receiver))

    assert found == [Counted(NOON, "A", 1, "FILTERED_BY_RULES")]
    assert told.asked[0].query["destinationConfigId"] == "dest-1"
    with pytest.raises(ValueError, match="for each receiver"):
        list(overview.counts(Stage.FILTERED, NOON, NOON + HOUR))


def test_too_many_questions_wait_as_long_as_segment_says(overview, told, waits):
    told.say(429, {"errors": []}, Retry_After="7")
    told.say(200, answer(), X_RateLimit_Remaining="0", X_RateLimit_Reset=in_seconds(20))
    told.say(200, answer())

    for _ in range(2):
        list(overview.counts(Stage.RECEIVED, NOON, NOON + HOUR))

    assert waits[0] == 7
    assert 18 <= waits[1] <= 21


def test_an_answer_without_counts_is_none(overview, told):
    told.say(200, answer({"eventName": "A", "total": 3}))

    with pytest.raises(TransientError, match="holds no counts"):
        list(overview.counts(Stage.RECEIVED, NOON, NOON + HOUR))


# Against the stand-in


@pytest.fixture
def segment() -> Iterator[SegmentStandIn]:
    with SegmentStandIn() as stand_in:
        yield stand_in
        assert stand_in.crashes == []


@pytest.fixture
def public_api(segment: SegmentStandIn) -> Iterator[PublicApiStandIn]:
    with PublicApiStandIn(segment) as stand_in:
        yield stand_in
        assert stand_in.crashes == []


@pytest.fixture
def api(public_api: PublicApiStandIn) -> SegmentPublicApi:
    return SegmentPublicApi(requests.Session(), public_api.url, DEFAULT_TOKEN)


def send(segment: SegmentStandIn, *ids: str, event: str | None = "A", version: str = "run-1") -> None:
    message = {"type": "track", "event": event, "userId": "u", "context": {"app": {"version": version}}}
    batch = {"batch": [{**message, "messageId": one} for one in ids]}
    requests.post(f"{segment.url}/v1/batch", json=batch, auth=(DEFAULT_KEY, ""), timeout=5)


def seen(api: SegmentPublicApi, segment: SegmentStandIn, stage: Stage, **asked: Any) -> Counter[str]:
    overview = DeliveryOverview(api, source_of(api, DEFAULT_KEY, "segment_default"))
    end = hour_of(segment.now()) + HOUR
    counts = overview.counts(stage, end - 3 * HOUR, end, **asked)
    return Counter({f"{one.message} {one.reason}{one.run}".strip(): one.count for one in counts})


def test_what_was_received_is_counted_late_and_once(api, segment):
    send(segment, "a-1", "a-2", "a-1")

    at_once = seen(api, segment, Stage.RECEIVED)
    segment.advance(60)

    assert at_once == {}
    assert seen(api, segment, Stage.RECEIVED) == {"A": 2}
    assert seen(api, segment, Stage.RECEIVED, by_run=True) == {"A run-1": 2}


def test_every_end_is_counted_at_its_stage(api, segment):
    receiver = segment.connect("Customer.io", filters={"F": "FILTERED_BY_RULES"}, fails={"X": "ETIMEDOUT"})
    segment.plan.lose("a-1")
    segment.plan.block("B", reason="unplanned")
    for event in ("A", "B", "F", "X", None):
        send(segment, f"{str(event).lower()}-1", f"{str(event).lower()}-2", event=event)
    segment.advance(60)

    at = Receiver(receiver.id, receiver.name)
    assert seen(api, segment, Stage.RECEIVED) == {"A": 1, "B": 2, "F": 2, "X": 2}
    assert seen(api, segment, Stage.FAILED_ON_INGEST) == {"track event_not_defined": 2}
    assert seen(api, segment, Stage.FILTERED_AT_SOURCE) == {"B unplanned": 2}
    assert seen(api, segment, Stage.FILTERED, receiver=at) == {"F FILTERED_BY_RULES": 2}
    assert seen(api, segment, Stage.FAILED, receiver=at) == {"X ETIMEDOUT": 2}
    assert seen(api, segment, Stage.DELIVERED, receiver=at) == {"A": 1}
    assert DeliveryOverview(api, Source("source-1", "", True)).receivers() == [at]


def test_a_span_too_long_or_too_long_ago_is_refused(api, segment):
    overview = DeliveryOverview(api, Source("source-1", "", True))
    now = hour_of(segment.now())

    with pytest.raises(RejectedError, match=r"422.*startTime"):
        list(overview.counts(Stage.RECEIVED, now - timedelta(days=31), now))


def test_a_write_key_leads_to_its_source_or_nowhere(api, public_api):
    assert source_of(api, DEFAULT_KEY, "segment_default") == Source("source-1", "Source 1", True)

    with pytest.raises(ConfigurationError, match=r"segment_default belongs to no source") as error:
        source_of(api, "another-write-key", "segment_default")
    assert "another-write-key" not in str(error.value)

    public_api.source_admin = False
    with pytest.raises(ConfigurationError, match="Source Admin"):
        source_of(api, DEFAULT_KEY, "segment_default")
