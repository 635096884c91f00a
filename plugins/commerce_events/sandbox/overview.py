"""The Delivery Overview of the Public API stand-in: what the Segment stand-in took, as counts that lag."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from commerce_events.sandbox.afterlife import BY_PLAN, Afterlife, Place, Receiver
from commerce_events.sandbox.clock import stamp
from commerce_events.sandbox.public_answers import data, invalid, many, not_found, page_of
from commerce_events.sandbox.wire import Json, Request, Response

LAG = 30.0  # seconds until a message is counted
STEPS = {"MINUTE": timedelta(minutes=1), "HOUR": timedelta(hours=1), "DAY": timedelta(days=1)}
LONGEST = {"MINUTE": timedelta(hours=4), "HOUR": timedelta(days=14), "DAY": timedelta(days=30)}
OLDEST = {"MINUTE": timedelta(hours=48), "HOUR": timedelta(days=30), "DAY": timedelta(days=30)}
AT_SOURCE = ("successfully-received", "failed-on-ingest", "filtered-at-source")
AT_DESTINATION = ("filtered-at-destination", "failed-delivery", "successful-delivery")
GROUPS = ("eventName", "eventType", "discardReason", "appVersion")

# One message as a stage sees it, and how many of its like.
Row = tuple[Place, str | None, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, checked."""

    stage: str
    start: datetime
    end: datetime
    step: timedelta
    groups: Sequence[str]

    @classmethod
    def read(cls, request: Request, stage: str, now: datetime) -> "Asked":
        given = request.parameters()
        granularity = given.get("granularity", "")
        if granularity not in STEPS:
            raise invalid("granularity", "granularity must be MINUTE, HOUR or DAY")
        start, end = (_moment(given, name) for name in ("startTime", "endTime"))
        if not start < end or end - start > LONGEST[granularity]:
            raise invalid("endTime", f"a span by {granularity} may be {LONGEST[granularity]} long")
        if start < now - OLDEST[granularity]:
            raise invalid("startTime", f"startTime may be {OLDEST[granularity]} ago by {granularity}")
        groups = many(given, "groupBy")
        if unknown := set(groups) - set(GROUPS):
            raise invalid("groupBy", f"groupBy cannot be {sorted(unknown)}")
        return cls(stage, start, end, STEPS[granularity], groups)


def overview(
    request: Request, stage: str, afterlife: Afterlife, sources: Sequence[Json], now: datetime, lag: float
) -> Response:
    """Answers `GET /delivery-overview/{stage}`."""
    if stage not in AT_SOURCE + AT_DESTINATION:
        return not_found("Resource")
    given = request.parameters()
    source = next((one for one in sources if one["id"] == given.get("sourceId")), None)
    if source is None:
        return not_found("Source")
    receiver = next((one for one in afterlife.receivers if one.id == given.get("destinationConfigId")), None)
    if stage in AT_DESTINATION and receiver is None:
        raise invalid("destinationConfigId", "destinationConfigId is required")
    asked = Asked.read(request, stage, now)
    rows = [
        row
        for row in _rows(afterlife, source["writeKeys"], stage, receiver)
        if asked.start <= row[0].second < asked.end and row[0].second <= now - timedelta(seconds=lag)
    ]
    dataset = _dataset(asked, rows)
    page, pagination = page_of(request, dataset)
    total = sum(count for *_, count in rows)
    return data({"total": total, "dataset": list(page), "pagination": pagination})


def connected(afterlife: Afterlife) -> list[Json]:
    """A source's destinations, as `GET /sources/{id}/connected-destinations` lists them."""
    return [
        {"id": one.id, "name": one.name, "enabled": True, "metadata": {"name": one.name}}
        for one in afterlife.receivers
    ]


def _rows(
    afterlife: Afterlife, write_keys: Sequence[str], stage: str, receiver: Receiver | None
) -> Iterator[Row]:
    for place, count in afterlife.counted():
        if place.write_key in write_keys and (reason := _reason(place, stage, receiver)) is not None:
            yield place, reason or None, count


def _reason(place: Place, stage: str, receiver: Receiver | None) -> str | None:
    """None: not counted at this stage; empty: counted without a reason."""
    by_plan = place.reason in BY_PLAN
    if receiver is None:
        counted = {
            "successfully-received": place.reason is None or by_plan,
            "failed-on-ingest": place.reason is not None and not by_plan,
            "filtered-at-source": by_plan,
        }[stage]
        said = "" if stage == "successfully-received" else str(place.reason)
        return said if counted else None
    if place.reason is not None:
        return None
    name = place.event or place.type
    filtered, failed = receiver.filters.get(name), receiver.fails.get(name)
    end = "filtered-at-destination" if filtered else "failed-delivery" if failed else "successful-delivery"
    return (filtered or failed or "") if stage == end else None


def _dataset(asked: Asked, rows: Sequence[Row]) -> list[Json]:
    """One entry for each combination of the groups; buckets without messages are left out."""
    series: dict[tuple[str | None, ...], Counter[datetime]] = {}
    for place, reason, count in rows:
        names = {
            "eventName": place.event,
            "eventType": place.type,
            "discardReason": reason,
            "appVersion": place.version,
        }
        key = tuple(names[group] for group in asked.groups)
        series.setdefault(key, Counter())[_bucket(place.second, asked.step)] += count
    return [
        {
            **{name: value for name, value in zip(asked.groups, key, strict=True) if value is not None},
            "total": buckets.total(),
            "series": [{"time": stamp(at), "count": count} for at, count in sorted(buckets.items())],
        }
        for key, buckets in sorted(series.items(), key=lambda each: [str(part) for part in each[0]])
    ]


def _bucket(second: datetime, step: timedelta) -> datetime:
    midnight = second.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (second - midnight) // step * step


def _moment(given: Json, name: str) -> datetime:
    try:
        return datetime.fromisoformat(given.get(name, "")).astimezone(UTC)
    except ValueError as error:
        raise invalid(name, f"{name} must be an ISO 8601 time") from error
