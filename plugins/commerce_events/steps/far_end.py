"""The far end of a destination: whose counts can be asked for, and of which hours they are final."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from commerce_events.destinations.delivery_overview import (
    SETTLED_AFTER,
    Granularity,
    Source,
    hour_of,
    source_of,
)
from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.domain.errors import ConfigurationError
from commerce_events.steps.days import DAY, midnight

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FarEnd:
    """A destination whose counts can be asked for. `connection` holds its write key."""

    destination: str
    api: SegmentPublicApi
    connection: str
    write_key: str = field(repr=False)

    def source(self) -> Source:
        """Raises ConfigurationError where the write key leads nowhere."""
        found = source_of(self.api, self.write_key, self.connection)
        if not found.enabled:
            raise ConfigurationError(
                f"Segment's source {found.name} (connection {self.connection}) is switched off: "
                "Segment answers 200 to messages for it and keeps none of them"
            )
        return found


@dataclass(frozen=True, slots=True)
class Span:
    """Whole hours from a midnight on, so that a day's figure is of the whole day, or of its beginning."""

    start: datetime
    end: datetime

    @classmethod
    def judged(cls, start: datetime, end: datetime, now: datetime) -> "Span":
        """What of a span is old enough to be final, and young enough for Segment to tell."""
        oldest = midnight(now - Granularity.HOUR.oldest + HOUR) + DAY
        return cls(max(midnight(start), oldest), hour_of(min(end, now - SETTLED_AFTER)))

    def holds(self, hour: datetime) -> bool:
        return self.start <= hour < self.end

    @property
    def days(self) -> list[date]:
        return [(self.start + DAY * each).date() for each in range(-((self.start - self.end) // DAY))]
