"""The wall clock, for the edge alone: everything behind it is told the time."""

from datetime import UTC, datetime

from commerce_events.steps.clock import Clock


def now() -> datetime:
    return datetime.now(UTC)


def clock() -> Clock:
    return Clock(now)
