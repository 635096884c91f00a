"""What a dry run finds: what would become of every message, and how some told ones would look today."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from commerce_events.domain.deliveries import Status
from commerce_events.steps.compare import Change
from commerce_events.templates.differences import Difference


class News(StrEnum):
    NEW = "new"
    AGAIN = "told after all"  # it was filtered, and the reason no longer stands
    KNOWN = "recorded already"  # and left as it is


class Fate(NamedTuple):
    """What would become of messages of one kind at one destination, or has."""

    destination: str
    kind: str
    news: News
    status: str  # pending: it would be sent
    reason: str


@dataclass(slots=True)
class Rehearsal:
    """`compared` records had been told before: `changes` are the places where the same messages would differ
    now. Their values are personal data.
    """

    records: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    fates: Counter[Fate] = field(default_factory=Counter)
    compared: int = 0
    changes: dict[str, Change] = field(default_factory=dict)

    def note(self, record_id: str, found: Iterable[Difference]) -> None:
        """Each place counts once for a record."""
        for path, one in {each.path: each for each in found}.items():
            self.changes.setdefault(path, Change(path, record_id, one)).count += 1

    def __iadd__(self, other: "Rehearsal") -> "Rehearsal":
        self.records += other.records
        self.rejects += other.rejects
        self.fates += other.fates
        self.compared += other.compared
        for path, change in other.changes.items():
            kept = self.changes.setdefault(path, Change(path, change.record_id, change.example))
            kept.count += change.count
        return self

    @property
    def would_be_sent(self) -> int:
        return self.total(Status.PENDING)

    def total(self, status: str) -> int:
        """How many messages would get this status, not counting those that stay as they are."""
        fates = self.fates.items()
        return sum(n for fate, n in fates if fate.status == status and fate.news is not News.KNOWN)

    @property
    def known(self) -> int:
        return sum(n for fate, n in self.fates.items() if fate.news is News.KNOWN)

    def rows(self) -> list[tuple[str, str, str, str, str, int]]:
        """Destination, kind, news, status, reason, how many."""
        return [(*fate, count) for fate, count in sorted(self.fates.items())]

    def counts(self) -> Counter[str]:
        """For logs and XCom; nothing personal."""
        sums = {"would be sent": self.would_be_sent, "recorded already": self.known}
        ends = {f"would be {one}": self.total(one) for one in (Status.FILTERED, Status.QUARANTINED)}
        rejects = {f"rejected {reason}": count for reason, count in self.rejects.items()}
        return Counter({"records": self.records, **sums, **ends, **rejects})
