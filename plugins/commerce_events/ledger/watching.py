"""What alerts are decided by: figures over recent rows, each from an index, however long the past is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal_column, select, union_all

from commerce_events.domain.deliveries import Priority
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.database import Database
from commerce_events.ledger.lanes import PENDING
from commerce_events.ledger.tables import delivery, fact, stream

DEAD = delivery.c.status == literal_column("'dead'")


@dataclass(frozen=True, slots=True)
class Watching:
    database: Database

    def dead(self) -> dict[str, int]:
        """Dead letters that wait, by destination."""
        counted = select(delivery.c.destination, func.count()).where(DEAD).group_by(delivery.c.destination)
        with self.database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}

    def lag(self, destination: str, since: datetime, now: datetime, share: float = 0.95) -> float:
        """How many seconds live messages waited, or wait still: the value that `share` of them kept below.

        Counted are those recorded since `since` that were accepted, and all that are pending.
        """
        live = (delivery.c.destination == destination, delivery.c.priority == Priority.LIVE)
        accepted = (
            delivery.c.status == literal_column("'accepted'"),
            delivery.c.recorded_at >= micros(since),
        )
        done = select((delivery.c.settled_at - delivery.c.recorded_at).label("waited"))
        waits = select((micros(now) - delivery.c.recorded_at).label("waited"))
        both = union_all(done.where(*live, *accepted), waits.where(*live, PENDING)).subquery()
        with self.database.read() as connection:
            count = connection.scalar(select(func.count()).select_from(both)) or 0
            if not count:
                return 0.0
            place = max(0, -int(-count * share // 1) - 1)
            ordered = select(both.c.waited).order_by(both.c.waited).offset(place).limit(1)
            return max(0.0, (connection.scalar(ordered) or 0) / 1_000_000)

    def last_captured(self, since: datetime) -> dict[tuple[str, str], datetime]:
        """When something new was last found in each stream; those that were silent are left out."""
        by = (fact.c.store, fact.c.stream)
        latest = select(*by, func.max(fact.c.captured_at)).join_from(
            delivery, fact, fact.c.event_id == delivery.c.event_id
        )
        recent = (delivery.c.recorded_at >= micros(since), fact.c.captured_at >= micros(since))
        with self.database.read() as connection:
            rows = connection.execute(latest.where(*recent).group_by(*by)).all()
        return {(row[0], row[1]): moment(row[2]) for row in rows}

    def streams(self) -> dict[tuple[str, str], datetime]:
        """The watermark of each stream that was ever read to its end and told of something."""
        told = select(fact.c.event_id).where(fact.c.store == stream.c.store, fact.c.stream == stream.c.stream)
        known = select(stream).where(stream.c.complete, told.exists())
        with self.database.read() as connection:
            return {(row.store, row.stream): moment(row.watermark) for row in connection.execute(known)}
