"""What was sent and what was counted, entered into the same books."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from commerce_events.destinations.delivery_overview import Counted
from commerce_events.domain.matching import Hours, match
from commerce_events.ledger.sent import Sent
from commerce_events.steps.called import EVERYTHING, Call, Names

# A run, where its messages say so, and the name of a group of messages.
Key = tuple[str, str]


@dataclass(slots=True)
class Books:
    """Both sides' numbers by run and group; the hours of ours are those they can have been counted in."""

    names: Names
    groups: dict[Call, str] = field(default_factory=dict)
    sent: dict[Key, Counter[Hours]] = field(default_factory=dict)
    counted: dict[Key, Counter[datetime]] = field(default_factory=dict)

    def enter_sent(self, sent: Sequence[Sent]) -> None:
        self.groups = self.names.groups({(each.told.kind, each.told.part) for each in sent})
        for each in sent:
            key = self._run(each.told.run), self.groups[each.told.kind, each.told.part]
            self.sent.setdefault(key, Counter())[each.first, each.last] += each.count

    def enter_counted(self, counted: Iterable[Counted]) -> None:
        for each in counted:
            if (group := self.group(each.message)) is not None:
                key = self._run(each.run), group
                self.counted.setdefault(key, Counter())[each.at] += each.count

    def group(self, message: str) -> str | None:
        """None for what we do not send: others may send to the same source."""
        known = set(self.groups.values())
        if EVERYTHING in known:
            return EVERYTHING
        return next((group for group in known if message in group.split(", ")), None)

    def missing(self) -> tuple[Counter[tuple[datetime, str, str]], int]:
        """By hour, group and run what was counted nowhere; and how many counts are of nothing we sent."""
        missing: Counter[tuple[datetime, str, str]] = Counter()
        surplus = 0
        for run, group in self.sent.keys() | self.counted.keys():
            found, more = match(self.sent.get((run, group), {}), self.counted.get((run, group), {}))
            surplus += more
            missing.update({(hour, group, run): count for hour, count in found.items()})
        return missing, surplus

    def _run(self, run: str) -> str:
        return run if run in self.names.marked else ""
