"""What verify finds: day by day, whether the records of a store are accounted for, and which are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from commerce_events.domain.deliveries import Status
from commerce_events.ledger.accounts import SILENT, Fate

STATUSES = (Status.ACCEPTED, Status.FILTERED, Status.PENDING, Status.QUARANTINED, Status.DEAD, SILENT)
COLUMNS = ("day", "store", *STATUSES, "rejects", "gaps")


class Fault(StrEnum):
    """What is wrong with one record."""

    MISSING = "missing in the ledger"
    BEHIND = "changed in the store since the ledger saw it"
    UNREADABLE = "cannot be read, and the ledger does not say so"
    GONE = "missing in the store"


@dataclass(frozen=True, slots=True)
class Gap:
    """One record that is not accounted for. `record_id` is empty for one that has none."""

    day: date
    record_id: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Day:
    """The records created on one UTC day, or on the part of it that was looked at.

    `store` is how many the store has. `coming` are those that the ledger has not yet, and that changed too
    recently to be missed; `deleted` those that the ledger knows to be in the store no more. `listed`: ids
    were compared, since the counts differed or could not be compared.
    """

    day: date
    store: int
    fates: Sequence[Fate]
    rejects: int = 0
    coming: int = 0
    deleted: int = 0
    gaps: Sequence[Gap] = ()
    listed: bool = False

    @property
    def records(self) -> int:
        """How many the ledger has."""
        return sum(fate.records for fate in self.fates)

    @property
    def adds_up(self) -> bool:
        """Whether every record is somewhere, be it among the gaps. Not where somebody wrote meanwhile."""
        faults = [gap.fault for gap in self.gaps]
        unknown = self.coming + faults.count(Fault.MISSING) + faults.count(Fault.UNREADABLE)
        gone = self.deleted + faults.count(Fault.GONE)
        return self.store + gone == self.records + self.rejects + unknown

    def count(self, status: str) -> int:
        return sum(fate.records for fate in self.fates if fate.status == status)

    def reasons(self) -> Mapping[str, int]:
        """Why what was not sent was not: `filtered before_start` and the like."""
        why: dict[str, int] = {}
        for fate in self.fates:
            if fate.reason is not None:
                name = f"{fate.status} {fate.reason}"
                why[name] = why.get(name, 0) + fate.records
        return why

    def row(self) -> tuple[object, ...]:
        """As COLUMNS name them."""
        return (self.day.isoformat(), self.store, *map(self.count, STATUSES), self.rejects, len(self.gaps))


@dataclass(frozen=True, slots=True)
class Verification:
    """One stream of one store, of records created from `start` on and before `end`."""

    store: str
    stream: str
    start: datetime
    end: datetime
    days: Sequence[Day]

    @property
    def gaps(self) -> Sequence[Gap]:
        return [gap for day in self.days for gap in day.gaps]

    @property
    def is_complete(self) -> bool:
        """Every record is accounted for. What waits for a person is, too."""
        return not self.gaps

    def rows(self) -> list[tuple[object, ...]]:
        """A row for each day on which there was anything, and their sum."""
        rows = [day.row() for day in self.days if day.store or day.records]
        sums = [sum(numbers) for numbers in zip(*(_numbers(row) for row in rows), strict=True)]
        return [*rows, ("all", *sums)] if len(rows) > 1 else rows

    def text(self) -> str:
        """The table for a log: nothing but days and counts."""
        rows = [tuple(map(str, row)) for row in (COLUMNS, *self.rows())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        )

    def reasons(self) -> list[tuple[str, int]]:
        why: dict[str, int] = {}
        for day in self.days:
            for name, count in day.reasons().items():
                why[name] = why.get(name, 0) + count
        return sorted(why.items())


def _numbers(row: Sequence[object]) -> list[int]:
    return [cell for cell in row if isinstance(cell, int)]
