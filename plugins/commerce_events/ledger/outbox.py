"""Sending what is owed: each request is written down before it is made, and closed by its token."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from commerce_events.domain.deliveries import Message, Status
from commerce_events.domain.moments import micros
from commerce_events.ledger.daily import count_daily, moves
from commerce_events.ledger.database import Database, among
from commerce_events.ledger.lanes import LEASE, PENDING, Claim, change_lanes, failures_of, hold, lock_free
from commerce_events.ledger.tables import batch, delivery

# How long a lane waits after its first, second, … failure in a row; each with up to a tenth more.
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)


class Answer(StrEnum):
    """How a request ended."""

    SENT = "sent"  # not known yet
    ACCEPTED = "accepted"
    REFUSED = "refused"  # the content; its halves may pass
    POSTPONED = "postponed"  # a passing trouble; sent again with the same ids and bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One batch under way."""

    id: UUID
    claim: Claim
    messages: tuple[Message, ...]

    @property
    def ids(self) -> list[UUID]:
        return [message.event_id for message in self.messages]

    @property
    def lanes(self) -> list[int]:
        return sorted({message.lane for message in self.messages})


@dataclass(frozen=True, slots=True)
class Outbox:
    database: Database

    def begin(self, claim: Claim, messages: Sequence[Message], now: datetime) -> Request | None:
        """Write down that these messages may be sent; None if the lease was lost meanwhile, or none is owed
        any more. What has ended since it was claimed, as when its person was erased, is left out.
        """
        request = Request(uuid4(), claim, tuple(messages))
        with self.database.write() as connection:
            if not hold(connection, claim, request.lanes):
                return None
            change_lanes(connection, claim, claim.lanes, leased_until=micros(now + LEASE))
            tried = {"attempts": delivery.c.attempts + 1, "maybe_sent": delivery.c.maybe_sent + 1}
            owed = update(delivery).where(_these(connection, claim.destination, request.ids), PENDING)
            owed = owed.values(batch_id=request.id, **tried).returning(delivery.c.event_id)
            request = _only(request, frozenset(connection.scalars(owed)))
            if not request.messages:
                return None
            connection.execute(insert(batch).values(**_batch_row(request, now)))
        return request

    def accept(self, request: Request, now: datetime) -> bool:
        """Close all of a batch as accepted. False: the lease was lost, and nothing is closed."""
        with self.database.write() as connection:
            _note(connection, request, Answer.ACCEPTED, "")
            if not hold(connection, request.claim, request.lanes):
                return False
            _settle(connection, request.claim.destination, request.ids, Status.ACCEPTED, None, now)
            change_lanes(connection, request.claim, request.lanes, failures=0)
        return True

    def bury(self, request: Request, reason: str, answer: str, now: datetime) -> bool:
        """Close all of a batch as dead letters, with the reason and what was answered."""
        with self.database.write() as connection:
            _note(connection, request, Answer.REFUSED, answer)
            if not hold(connection, request.claim, request.lanes):
                return False
            _forget_attempt(connection, request)
            _settle(connection, request.claim.destination, request.ids, Status.DEAD, reason, now)
        return True

    def split(self, request: Request, answer: str, now: datetime) -> None:
        """Note that a batch was refused as a whole; its parts are sent on their own."""
        with self.database.write() as connection:
            _note(connection, request, Answer.REFUSED, answer)
            if hold(connection, request.claim, request.lanes):
                _forget_attempt(connection, request)

    def postpone(
        self,
        request: Request,
        answer: str,
        now: datetime,
        *,
        maybe_taken: bool,
        wait: timedelta | None = None,
    ) -> datetime:
        """Leave a batch pending and let its lanes rest; returns until when."""
        with self.database.write() as connection:
            _note(connection, request, Answer.POSTPONED, answer)
            if not hold(connection, request.claim, request.lanes):
                return now
            if not maybe_taken:
                _forget_attempt(connection, request)
            failures = failures_of(connection, request.claim, request.lanes)
            usual = min(FIRST_WAIT * 2 ** min(failures, 20), LONGEST_WAIT)
            until = now + (usual if wait is None else wait)
            rest = {"blocked_until": micros(until), "failures": failures + 1}
            change_lanes(connection, request.claim, request.lanes, **rest)
        return until

    def withdraw(self, request: Request) -> None:
        """Take back a batch that was never sent: it is owed as if it had not been begun."""
        with self.database.write() as connection:
            _note(connection, request, Answer.POSTPONED, "never sent: the destination had closed")
            if hold(connection, request.claim, request.lanes):
                _forget_attempt(connection, request)
                these = _these(connection, request.claim.destination, request.ids)
                untried = {"attempts": delivery.c.attempts - 1}
                connection.execute(update(delivery).where(these).values(**untried))

    def expire(self, destination: str, before: datetime, now: datetime) -> int:
        """Turn what has been pending since `before` into dead letters; returns how many.

        What another worker has claimed is left to it: it may be on its way.
        """
        old = and_(delivery.c.destination == destination, PENDING, delivery.c.recorded_at < micros(before))
        with self.database.write() as connection:
            lanes = sorted(connection.scalars(select(delivery.c.lane).where(old).distinct()))
            free = delivery.c.lane.in_(lock_free(connection, destination, lanes, now))
            ids = list(connection.scalars(select(delivery.c.event_id).where(old, free).limit(10_000)))
            _settle(connection, destination, ids, Status.DEAD, "too_old", now)
        return len(ids)


def _these(connection: Connection, destination: str, ids: Sequence[UUID]) -> ColumnElement[bool]:
    return and_(delivery.c.destination == destination, among(connection, delivery.c.event_id, ids))


def _settle(
    connection: Connection,
    destination: str,
    ids: Sequence[UUID],
    status: Status,
    reason: str | None,
    now: datetime,
) -> None:
    """Give pending rows their end, and move the daily counts along."""
    ended = update(delivery).where(_these(connection, destination, ids), PENDING)
    ended = ended.values(status=status, reason=reason, settled_at=micros(now))
    done = connection.scalars(ended.returning(delivery.c.event_id)).all()
    moved = [(event_id, destination) for event_id in done]
    count_daily(connection, moves(connection, moved, Status.PENDING, status))


def _forget_attempt(connection: Connection, request: Request) -> None:
    """The other side certainly took nothing of this request."""
    these = _these(connection, request.claim.destination, request.ids)
    connection.execute(update(delivery).where(these).values(maybe_sent=delivery.c.maybe_sent - 1))


def _note(connection: Connection, request: Request, ended: Answer, answer: str) -> None:
    connection.execute(
        update(batch).where(batch.c.id == request.id).values(status=ended, answer=answer[:200])
    )


def _only(request: Request, owed: Collection[UUID]) -> Request:
    return replace(request, messages=tuple(each for each in request.messages if each.event_id in owed))


def _batch_row(request: Request, now: datetime) -> dict[str, Any]:
    return {
        "id": request.id,
        "destination": request.claim.destination,
        "token": request.claim.token,
        "event_ids": b"".join(message.event_id.bytes for message in request.messages),
        "sent_at": micros(now),
        "status": Answer.SENT,
        "bytes": sum(len(message.body) for message in request.messages),
    }
