"""What reconciling found, as rows: a figure for each day, and each difference with what was done about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select, update

from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.bulk import bulk
from commerce_events.ledger.database import Database
from commerce_events.ledger.findings_rows import (
    GAP_KEY,
    SHORT_KEY,
    adding_healed,
    arrival_row,
    counted_again,
    figure_row,
    gap_key,
    gap_row,
    known_gaps,
    known_shortfalls,
    seen_again,
    short_again,
    shortfall_key,
    shortfall_row,
)
from commerce_events.ledger.findings_tables import accuracy, arrival, gap, reconciliation, shortfall
from commerce_events.ledger.found import Arrival, Figure, Gap, Reconciliation, Shortfall, State, Tally
from commerce_events.ledger.gate import NEVER


@dataclass(frozen=True, slots=True)
class Findings:
    database: Database

    def begin(
        self, kind: str, scope: str, span: tuple[datetime, datetime], run: str | None, now: datetime
    ) -> int:
        """Write down that a comparison is made; returns its number."""
        counts = {"found": 0, "healed": 0, "noted": 0, "still_open": 0}
        begun = {"from_at": micros(span[0]), "to_at": micros(span[1]), "began_at": micros(now)}
        row = {"kind": kind, "scope": scope, "run_id": run, **begun, **counts}
        with self.database.write() as connection:
            added = insert(reconciliation).values(**row).returning(reconciliation.c.id)
            return int(connection.execute(added).scalar_one())

    def finish(self, number: int, tally: Tally, now: datetime) -> None:
        ended = {
            "found": tally.found,
            "healed": tally.healed,
            "noted": tally.noted,
            "still_open": tally.still_open,
            "detail": tally.detail and tally.detail[:500],
            "done_at": micros(now),
        }
        with self.database.write() as connection:
            connection.execute(update(reconciliation).where(reconciliation.c.id == number).values(**ended))

    def note_days(self, number: int, figures: Sequence[Figure], gaps: Sequence[Gap], now: datetime) -> int:
        """Days of one stream as they are now. Returns how many of the gaps were not known in that state.

        What was open on these days and was not found again has been healed meanwhile.
        """
        if not figures:
            return 0
        with self.database.write() as connection:
            connection.execute(
                *bulk(connection, accuracy, [figure_row(each, now) for each in figures], adding_healed)
            )
            known = known_gaps(connection, figures)
            keys = {gap_key(each) for each in gaps}
            lost = [key for key, state in known.items() if state == State.OPEN and key not in keys]
            for key in lost:
                same = [gap.c[name] == value for name, value in zip(GAP_KEY, key, strict=True)]
                healed = {"state": State.HEALED, "seen_at": micros(now), "reconciliation_id": number}
                connection.execute(update(gap).where(*same).values(**healed))
            if gaps:
                rows = [gap_row(each, number, now) for each in gaps]
                connection.execute(*bulk(connection, gap, rows, seen_again))
        return sum(known.get(gap_key(each)) != each.state for each in gaps)

    def note_gaps(self, number: int, gaps: Sequence[Gap], now: datetime) -> None:
        """Gaps of no particular days."""
        if gaps:
            rows = [gap_row(each, number, now) for each in gaps]
            with self.database.write() as connection:
                connection.execute(*bulk(connection, gap, rows, seen_again))

    def note_destination(
        self,
        number: int,
        arrivals: Sequence[Arrival],
        shortfalls: Sequence[Shortfall],
        span: tuple[datetime, datetime],
        now: datetime,
    ) -> int:
        """What did not arrive within a span of whole hours. Returns how many messages of it are news.

        What is found no more has turned up since: counts may lag. What receivers do is written down and is
        no news.
        """
        if not arrivals:
            return 0
        with self.database.write() as connection:
            connection.execute(
                *bulk(connection, arrival, [arrival_row(each, now) for each in arrivals], counted_again)
            )
            known = known_shortfalls(connection, arrivals[0].destination, span)
            found = {shortfall_key(each): each.count for each in shortfalls}
            for key in known.keys() - found.keys():
                same = [shortfall.c[name] == value for name, value in zip(SHORT_KEY, key, strict=True)]
                connection.execute(delete(shortfall).where(*same))
            if shortfalls:
                rows = [shortfall_row(each, number, now) for each in shortfalls]
                connection.execute(*bulk(connection, shortfall, rows, short_again))
        return sum(
            max(0, each.count - known.get(shortfall_key(each), 0)) for each in shortfalls if not each.receiver
        )

    # What was found

    def days(self, since: date, store: str | None = None) -> list[Figure]:
        """The latest first."""
        terms = [accuracy.c.day >= since.isoformat(), *([accuracy.c.store == store] if store else [])]
        order = (accuracy.c.day.desc(), accuracy.c.store, accuracy.c.stream)
        with self.database.read() as connection:
            rows = connection.execute(select(accuracy).where(*terms).order_by(*order)).all()
        return [
            Figure(r.store, r.stream, date.fromisoformat(r.day), r.in_store, r.accounted, r.healed)
            for r in rows
        ]

    def gaps(self, since: date, states: Iterable[State] = tuple(State)) -> list[Gap]:
        """Of records created since that day, in the order of their days."""
        terms = (gap.c.day >= since.isoformat(), gap.c.state.in_([str(each) for each in states]))
        order = (gap.c.day.desc(), gap.c.store, gap.c.stream, gap.c.record_id)
        with self.database.read() as connection:
            rows = connection.execute(select(gap).where(*terms).order_by(*order)).all()
        return [
            Gap(r.store, r.stream, r.record_id, r.reason, date.fromisoformat(r.day), State(r.state), r.detail)
            for r in rows
        ]

    def arrivals(self, since: date) -> list[Arrival]:
        order = (arrival.c.day.desc(), arrival.c.destination)
        found = select(arrival).where(arrival.c.day >= since.isoformat()).order_by(*order)
        with self.database.read() as connection:
            rows = connection.execute(found).all()
        return [
            Arrival(r.destination, date.fromisoformat(r.day), r.accepted, r.missing, r.refused) for r in rows
        ]

    def shortfalls(self, since: datetime) -> list[Shortfall]:
        order = (shortfall.c.hour.desc(), shortfall.c.destination, shortfall.c.message, shortfall.c.stage)
        found = select(shortfall).where(shortfall.c.hour >= micros(since)).order_by(*order)
        with self.database.read() as connection:
            rows = connection.execute(found).all()
        return [
            Shortfall(r.destination, moment(r.hour), r.message, r.stage, r.receiver, r.reason, r.n, r.detail)
            for r in rows
        ]

    def last(self, kind: str, scope: str, *, reaching: datetime = NEVER) -> Reconciliation | None:
        """The latest comparison of that kind which came to its end, and went as far back as `reaching`."""
        mine = (reconciliation.c.kind == kind, reconciliation.c.scope == scope)
        done = (reconciliation.c.done_at.is_not(None), reconciliation.c.from_at <= micros(reaching))
        latest = select(reconciliation).where(*mine, *done).order_by(reconciliation.c.id.desc()).limit(1)
        with self.database.read() as connection:
            row = connection.execute(latest).one_or_none()
        if row is None:
            return None
        tally = Tally(row.found, row.healed, row.noted, row.still_open, row.detail)
        return Reconciliation(kind, scope, moment(row.from_at), moment(row.to_at), moment(row.done_at), tally)
