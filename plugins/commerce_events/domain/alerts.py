"""Alerts: how something that is watched stands, and when somebody must hear of it: on a change, once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


class Rule(StrEnum):
    """What is watched."""

    ACCURACY = "accuracy"  # of what a store holds, how much is accounted for; the worst recent day
    QUARANTINE = "quarantine"  # share of a day's messages that wait for a person
    DEAD = "dead"  # dead letters that wait for a person
    LAG = "lag"  # how long messages wait to be accepted, 95 of 100
    SILENCE = "silence"  # nothing was captured
    WATERMARK = "watermark"  # no capture came to its end
    DEADLINE = "deadline"  # a run did not end in time


@dataclass(frozen=True, slots=True)
class Limits:
    """From which value on something is a warning, or critical. `falling`: the lower the worse."""

    warning: float | None = None
    critical: float | None = None
    falling: bool = False

    def level(self, value: float) -> Level:
        if self._beyond(value, self.critical):
            return Level.CRITICAL
        return Level.WARNING if self._beyond(value, self.warning) else Level.OK

    def _beyond(self, value: float, limit: float | None) -> bool:
        if limit is None:
            return False
        return value < limit if self.falling else value >= limit


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing stands in one look. `says` holds counts and names, nothing personal."""

    rule: Rule
    scope: str
    level: Level
    value: float
    says: str


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody must hear: from which level to which, since when, and in which words."""

    rule: str
    scope: str
    before: Level
    level: Level
    value: float
    says: str
    since: datetime

    @property
    def word(self) -> str:
        return "recovered" if self.level == Level.OK else str(self.level)

    def __str__(self) -> str:
        return f"commerce-events {self.word}: {self.rule} of {self.scope}. {self.says}"


def worst(levels: Iterable[Level]) -> Level:
    order = list(Level)
    return max(levels, key=order.index, default=Level.OK)
