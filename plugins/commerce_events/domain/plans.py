"""A backfill as it was asked for, and as it was planned."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from commerce_events.domain.facts import Kind

STREAMS = ("customers", "account_members", "orders")  # people before what they bought
TRANSACTIONS = ("all", "refunded", "never")


class Stage(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"  # or cut off: whoever applies it again goes on
    CANCELLED = "cancelled"  # no page more is read; applying it again goes on
    CAPTURED = "captured"  # every window was read to its end


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for. `share` of the configured rates; `fence_hours` 0: nothing is left to the live
    sync. `integrations` is what the preset of that name says.
    """

    store: str
    streams: tuple[str, ...]
    start: datetime
    end: datetime
    trackings: tuple[Kind, ...]
    preset: str
    integrations: Mapping[str, bool] = field(default_factory=dict)
    share: float = 1.0
    transactions: str = "all"
    fence_hours: int = 72

    def kept(self) -> str:
        times = {"start": self.start.isoformat(), "end": self.end.isoformat()}
        return json.dumps({**asdict(self), **times}, sort_keys=True)


def wish_of(kept: str) -> Wish:
    said: dict[str, Any] = json.loads(kept)
    said["streams"] = tuple(said["streams"])
    said["trackings"] = tuple(Kind(each) for each in said["trackings"])
    times = {name: datetime.fromisoformat(said[name]) for name in ("start", "end")}
    return Wish(**{**said, **times})


@dataclass(frozen=True, slots=True)
class PlanWindow:
    """One part of the work. `read` records of it were recorded, up to `cursor`."""

    number: int
    stream: str
    start: datetime
    end: datetime
    counted: int | None
    read: int = 0
    cursor: str | None = None
    done_at: datetime | None = None

    @property
    def label(self) -> str:
        size = "" if self.counted is None else f" ({self.counted:,})"
        return f"{self.stream} {self.start:%Y-%m-%d %H:%M:%S} to {self.end:%Y-%m-%d %H:%M:%S}{size}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan comes to: messages, requests to the store, and seconds at the configured rates."""

    messages: int
    requests: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`fence`: what happened from then on is left to the live sync, which began at `live_start`."""

    id: str
    wish: Wish
    fence: datetime | None
    live_start: datetime
    windows: tuple[PlanWindow, ...]
    estimate: Estimate
    made_at: datetime
    begun_at: datetime | None = None
    cancelled_at: datetime | None = None
    done_at: datetime | None = None

    @property
    def stage(self) -> Stage:
        if self.done_at is not None:
            return Stage.CAPTURED
        if self.cancelled_at is not None:
            return Stage.CANCELLED
        return Stage.RUNNING if self.begun_at is not None else Stage.PLANNED

    @property
    def end(self) -> datetime:
        """What was created after the fence is not even read."""
        return self.wish.end if self.fence is None else min(self.wish.end, self.fence)

    @property
    def counted(self) -> int:
        return sum(each.counted or 0 for each in self.windows)

    @property
    def read(self) -> int:
        return sum(each.read for each in self.windows)

    @property
    def left(self) -> tuple[PlanWindow, ...]:
        """The windows that are not read to their end."""
        return tuple(each for each in self.windows if each.done_at is None)
