"""Segment's Delivery Overview: what became of messages after the 200, as counts by name and time.

There is no answer by message: Segment counts. Its buckets are by its own clock at receiving, not by the
time a message is about. Counts of ingestion are there within a minute; those of destinations are final only
after the four hours in which Segment itself tries again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from typing import Any

from commerce_events.destinations.segment_public_api import BETA, SegmentPublicApi
from commerce_events.domain.errors import ConfigurationError, TransientError

# So long Segment repeats what a destination did not take.
SETTLED_AFTER = timedelta(hours=4)


class Stage(StrEnum):
    """Where messages are counted, in the order they pass; the last three once for each destination."""

    RECEIVED = "successfully-received"
    FAILED_ON_INGEST = "failed-on-ingest"
    FILTERED_AT_SOURCE = "filtered-at-source"
    FILTERED = "filtered-at-destination"
    FAILED = "failed-delivery"
    DELIVERED = "successful-delivery"


AT_DESTINATION = frozenset({Stage.FILTERED, Stage.FAILED, Stage.DELIVERED})
WITH_REASONS = frozenset(Stage) - {Stage.RECEIVED, Stage.DELIVERED}


class Granularity(Enum):
    """The longest span of one request, and how far back it may begin."""

    MINUTE = (timedelta(hours=4), timedelta(hours=48))
    HOUR = (timedelta(days=14), timedelta(days=30))
    DAY = (timedelta(days=30), timedelta(days=30))

    @property
    def longest(self) -> timedelta:
        return self.value[0]

    @property
    def oldest(self) -> timedelta:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Counted:
    """So many messages in the bucket that begins at `at`. `message`: a track's event, else the call's type.

    `run` is `context.app.version`, where it was asked for; `reason` is Segment's own code.
    """

    at: datetime
    message: str
    count: int
    reason: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A destination that Segment passes a source's messages on to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """A source of the workspace: where one write key leads."""

    id: str
    name: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class DeliveryOverview:
    """The counts of one source. Every method may raise TransientError or ConfigurationError."""

    api: SegmentPublicApi
    source: Source

    def counts(
        self,
        stage: Stage,
        start: datetime,
        end: datetime,
        *,
        granularity: Granularity = Granularity.HOUR,
        receiver: Receiver | None = None,
        by_run: bool = False,
    ) -> Iterator[Counted]:
        """All buckets from `start` on and before `end` in which something was counted.

        `start` must be within `granularity.oldest`; a longer span is asked for in several requests.
        """
        groups = ["eventName", "eventType", *(["appVersion"] if by_run else [])]
        groups += ["discardReason"] if stage in WITH_REASONS else []
        asked: dict[str, Any] = {
            "sourceId": self.source.id,
            "destinationConfigId": receiver.id if receiver else None,
            "granularity": granularity.name,
            "groupBy": groups,
        }
        if (stage in AT_DESTINATION) != (receiver is not None):
            raise ValueError(
                f"{stage} is counted {'for each' if receiver is None else 'before any'} receiver"
            )
        for since, until in _spans(start, end, granularity.longest):
            query = {**asked, "startTime": _stamp(since), "endTime": _stamp(until)}
            for row in self.api.pages(f"/delivery-overview/{stage}", "dataset", query, accept=BETA):
                yield from _counted(row, stage)

    def receivers(self) -> list[Receiver]:
        """Where the source's messages are passed on to. Warehouses are no part of the Delivery Overview."""
        found = self.api.pages(f"/sources/{self.source.id}/connected-destinations", "destinations")
        return [Receiver(str(one["id"]), _name(one)) for one in found if one.get("enabled", True)]


def source_of(api: SegmentPublicApi, write_key: str, connection: str) -> Source:
    """The source that a write key belongs to: Segment answers 200 to any other key and keeps nothing.

    Raises ConfigurationError where it belongs to none. The key is never named.
    """
    hidden = True
    for one in api.sources():
        keys = [key for key in one.get("writeKeys") or () if isinstance(key, str)]
        hidden = hidden and not keys
        if write_key in keys:
            return Source(str(one.get("id")), _name(one), bool(one.get("enabled", True)))
    if hidden:
        raise ConfigurationError(
            "the Public API token shows no write keys: it needs the role Source Admin, at least for the "
            f"source of connection {connection}"
        )
    raise ConfigurationError(
        f"the write key of connection {connection} belongs to no source of the workspace: Segment answers "
        "200 to such messages and keeps none of them"
    )


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour in UTC: buckets begin there."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _spans(start: datetime, end: datetime, longest: timedelta) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        yield start, min(end, start + longest)
        start += longest


def _counted(row: Mapping[str, Any], stage: Stage) -> Iterator[Counted]:
    kind, event = row.get("eventType"), row.get("eventName")
    message = str(event if kind in (None, "track") and event else kind or event or "")
    reason, run = str(row.get("discardReason") or ""), str(row.get("appVersion") or "")
    try:
        for bucket in row["series"]:
            at = datetime.fromisoformat(bucket["time"]).astimezone(UTC)
            if count := int(bucket["count"]):
                yield Counted(at, message, count, reason, run)
    except (KeyError, TypeError, ValueError) as error:
        raise TransientError(f"GET /delivery-overview/{stage}: Segment's answer holds no counts") from error


def _name(one: Mapping[str, Any]) -> str:
    metadata = one.get("metadata")
    known = metadata.get("name") if isinstance(metadata, dict) else None
    return str(one.get("name") or known or one.get("id"))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
