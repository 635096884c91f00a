"""How what is watched stands, and what was told of it: each change is told once, by one run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, select, tuple_, update

from commerce_events.domain.alerts import Change, Finding, Level, Rule
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.bulk import bulk
from commerce_events.ledger.database import Database
from commerce_events.ledger.watch_tables import alert

# Whoever tells a change has it for that long; then it is taken for untold, and the next run tells it.
TELLING = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Alerts:
    database: Database

    def observe(self, findings: Sequence[Finding], rules: Collection[Rule], now: datetime) -> None:
        """Write down one look at these rules. What it no longer speaks of is watched no more."""
        rows = [_row(each, now) for each in sorted(findings, key=lambda each: (each.rule, each.scope))]
        seen = [(each.rule, each.scope) for each in findings]
        with self.database.write() as connection:
            gone = delete(alert).where(alert.c.rule.in_(rules))
            if seen:
                gone = gone.where(tuple_(alert.c.rule, alert.c.scope).not_in(seen))
            connection.execute(gone)
            if rows:
                connection.execute(*bulk(connection, alert, rows, _again))

    def take(self, now: datetime) -> list[Change]:
        """The changes nobody has told yet; until they are told or given back they are this caller's."""
        untold = (alert.c.level != alert.c.told, alert.c.telling_until <= micros(now))
        with self.database.write() as connection:
            taken = update(alert).where(*untold).values(telling_until=micros(now + TELLING))
            rows = connection.execute(taken.returning(*alert.c)).all()
        return sorted(map(_change, rows), key=lambda each: (each.rule, each.scope))

    def told(self, change: Change) -> None:
        """Somebody has heard of it. What changed again meanwhile is told again."""
        self._close(change, told=change.level)

    def give_back(self, change: Change) -> None:
        """Nobody could be told; the next run tries again."""
        self._close(change)

    def standing(self) -> list[Change]:
        """Everything that is watched and not as it should be."""
        with self.database.read() as connection:
            wrong = select(alert).where(alert.c.level != Level.OK).order_by(alert.c.rule, alert.c.scope)
            return [_change(row) for row in connection.execute(wrong)]

    def _close(self, change: Change, **values: Any) -> None:
        with self.database.write() as connection:
            this = (alert.c.rule == change.rule, alert.c.scope == change.scope)
            connection.execute(update(alert).where(*this).values(telling_until=0, **values))


def _row(finding: Finding, now: datetime) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "scope": finding.scope,
        "level": finding.level,
        "told": Level.OK,  # of something never seen before nobody was told anything but that
        "value": finding.value,
        "says": finding.says[:500],
        "since": micros(now),
        "seen_at": micros(now),
        "telling_until": 0,
    }


def _again(new: Any) -> Any:
    given = new.excluded
    since = case((alert.c.level == given.level, alert.c.since), else_=given.since)
    kept = {name: given[name] for name in ("level", "value", "says", "seen_at")}
    return new.on_conflict_do_update(
        index_elements=[alert.c.rule, alert.c.scope], set_={**kept, "since": since}
    )


def _change(row: Any) -> Change:
    return Change(
        row.rule, row.scope, Level(row.told), Level(row.level), row.value, row.says, moment(row.since)
    )
