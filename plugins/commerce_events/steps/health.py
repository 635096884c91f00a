"""Health: whether what was sent lately is what receivers can work with; the answer is go, or no-go."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from commerce_events.domain.health import ADVICE, Examination, Fault
from commerce_events.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Checked:
    """One fault: how many there are and how many may be. `samples` are ids of records."""

    fault: Fault
    count: int
    allowed: int | None
    samples: tuple[str, ...]

    @property
    def stops(self) -> bool:
        return self.allowed is not None and self.count > self.allowed


@dataclass(frozen=True, slots=True)
class Checkup:
    """`stitched` of `browsers` ids of browsers are a known person's."""

    messages: int
    checks: tuple[Checked, ...]
    stitched: int
    browsers: int

    @property
    def go(self) -> bool:
        """Something was looked at, and nothing of it stops."""
        return self.messages > 0 and not any(each.stops for each in self.checks)


def check_health(
    ledger: Ledger,
    ends: Collection[tuple[str, str]],
    *,
    since: datetime,
    allowed: Mapping[Fault, int | None] | None = None,
) -> Checkup:
    """Look through the messages recorded since; reads only.

    `ends`: each store with its first destination. `allowed`: how many of a fault stop nothing, where that is
    not none; None: however many.
    """
    examination = Examination()
    for message in ledger.health.messages(since, ends):
        examination.add(message)
    examination.finish()
    limits: dict[Fault, int | None] = {fault: None if fault in ADVICE else 0 for fault in Fault}
    limits |= allowed or {}
    checks = tuple(
        Checked(fault, examination.counts[fault], limits[fault], tuple(examination.samples[fault]))
        for fault in Fault
    )
    return Checkup(examination.messages, checks, *ledger.health.stitched())
