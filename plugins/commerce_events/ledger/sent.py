"""What a destination took, in numbers: by message, run, and the hours in which it can have received it.

Read from the batches, which say when a request began; how a message ended says when it was answered. One
that was tried before without an answer may have been taken already then.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from commerce_events.domain.deliveries import Status
from commerce_events.domain.moments import micros, moment, seconds
from commerce_events.ledger.database import Database, among
from commerce_events.ledger.entries import Carried
from commerce_events.ledger.gate import NEVER
from commerce_events.ledger.outbox import Answer
from commerce_events.ledger.tables import batch, delivery, fact, payload

HOUR = seconds(3_600)
SLACK = seconds(30)  # so much another clock may differ from ours
LONGEST_WAY = timedelta(days=4)  # from a message's first try to its last
ID_BYTES = 16
SAMPLES = 20  # bodies of each batch that are looked at for what messages are called


@dataclass(frozen=True, slots=True)
class Told:
    """What a message is told by: the kind of its fact, its part, and the run that captured it."""

    kind: str
    part: str
    run: str


@dataclass(frozen=True, slots=True)
class Sent:
    """So many messages that can have been received from the hour `first` to the hour `last`."""

    told: Told
    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """One accepted batch."""

    id: UUID
    sent_at: int
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Departures:
    """Spans are half-open, and of the time a request began."""

    database: Database

    def between(self, destination: str, start: datetime, end: datetime) -> list[Sent]:
        """All that was accepted of requests begun in the span."""
        counts: Counter[tuple[Told, int, int]] = Counter()
        doubtful: dict[bytes, tuple[Told, int, int]] = {}
        for parcel in self._accepted(destination, start, end):
            for row in self._rows(destination, parcel):
                known = (Told(row.kind, row.part, row.run_id or ""), parcel.sent_at, row.settled_at)
                if row.maybe_sent > 1:
                    doubtful[row.event_id.bytes] = known
                else:
                    counts[_hours(*known)] += 1
        for each, begun in self._first_tries(destination, start, end, doubtful).items():
            told, _, settled = doubtful[each]
            counts[_hours(told, begun, settled)] += 1
        return [Sent(told, moment(a), moment(b), count) for (told, a, b), count in counts.items()]

    def samples(self, destination: str, start: datetime, end: datetime) -> Iterator[tuple[Told, bytes]]:
        """Some messages of each batch as they were sent, as far as retention has left them."""
        for parcel in self._accepted(destination, start, end):
            columns = (fact.c.kind, fact.c.part, fact.c.run_id, payload.c.body)
            joined = fact.join(payload, payload.c.event_id == fact.c.event_id)
            with self.database.read() as connection:
                # The ends of a batch differ more than what stands side by side in it.
                some = among(connection, fact.c.event_id, [*parcel.ids[:SAMPLES], *parcel.ids[-SAMPLES:]])
                kept = (payload.c.destination == destination, payload.c.body.is_not(None), some)
                rows = connection.execute(select(*columns).select_from(joined).where(*kept)).all()
            yield from ((Told(row.kind, row.part, row.run_id or ""), bytes(row.body)) for row in rows)

    def taken(self, destination: str, ids: Collection[UUID], since: datetime) -> dict[UUID, Carried]:
        """Those of these messages that an accepted batch carried since then, and which one it was.

        Reads all of them: meant for the few messages whose own row is gone.
        """
        wanted, found = frozenset(ids), dict[UUID, Carried]()
        for parcel in self._accepted(destination, since, NEVER) if wanted else ():
            carried = Carried(parcel.id, moment(parcel.sent_at))
            found |= dict.fromkeys(wanted.intersection(parcel.ids), carried)
        return found

    def _accepted(self, destination: str, start: datetime, end: datetime) -> Iterator[Parcel]:
        yield from self._batches(destination, start, end, [Answer.ACCEPTED])

    def _batches(
        self, destination: str, start: datetime, end: datetime, answers: Iterable[Answer]
    ) -> Iterator[Parcel]:
        span = (batch.c.sent_at >= micros(start), batch.c.sent_at < micros(end))
        mine = (batch.c.destination == destination, batch.c.status.in_([str(each) for each in answers]))
        found = select(batch.c.id).where(*mine, *span).order_by(batch.c.sent_at)
        with self.database.read() as connection:
            numbers = list(connection.scalars(found))
        for number in numbers:
            with self.database.read() as connection:
                row = connection.execute(select(batch).where(batch.c.id == number)).one_or_none()
            if row is not None:
                yield Parcel(number, row.sent_at, _ids(bytes(row.event_ids)))

    def _rows(self, destination: str, parcel: Parcel) -> list[Any]:
        """Of a batch, what it brought to its end: a lease that was lost leaves that to another one."""
        columns = (fact.c.kind, fact.c.part, fact.c.run_id)
        ends = (delivery.c.event_id, delivery.c.settled_at, delivery.c.maybe_sent)
        joined = delivery.join(fact, fact.c.event_id == delivery.c.event_id)
        with self.database.read() as connection:
            these = among(connection, delivery.c.event_id, parcel.ids)
            mine = (delivery.c.destination == destination, delivery.c.batch_id == parcel.id)
            ended = delivery.c.status == Status.ACCEPTED
            found = select(*columns, *ends).select_from(joined).where(these, *mine, ended)
            return list(connection.execute(found).all())

    def _first_tries(
        self, destination: str, start: datetime, end: datetime, doubtful: Mapping[bytes, Any]
    ) -> dict[bytes, int]:
        """When each of these messages was sent for the first time."""
        tries: dict[bytes, int] = {}
        if not doubtful:
            return tries
        for parcel in self._batches(destination, start - LONGEST_WAY, end, list(Answer)):
            for each in parcel.ids:
                if each.bytes in doubtful:
                    tries.setdefault(each.bytes, parcel.sent_at)
        return tries


def _hours(told: Told, begun: int, settled: int) -> tuple[Told, int, int]:
    first, last = begun - SLACK, settled + SLACK
    return told, first - first % HOUR, last - last % HOUR


def _ids(packed: bytes) -> tuple[UUID, ...]:
    return tuple(UUID(bytes=packed[at : at + ID_BYTES]) for at in range(0, len(packed), ID_BYTES))
