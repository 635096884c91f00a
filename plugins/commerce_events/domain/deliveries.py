"""What can become of a message, and the smallest facts the deliver step works with."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID


class Status(StrEnum):
    PENDING = "pending"  # owed; sent when its lane is free
    ACCEPTED = "accepted"  # the destination answered 2xx, which is not yet "delivered"
    FILTERED = "filtered"  # deliberately not sent; the reason says why and whether it can be reopened
    QUARANTINED = "quarantined"  # broke its contract; waits for a person
    DEAD = "dead"  # refused, or too old to retry; waits for a person


class Priority(IntEnum):
    """Order is kept within a lane and a priority; live messages go first."""

    LIVE = 0
    BACKFILL = 1


class Door(StrEnum):
    """Through which door a fact was met."""

    POLL = "poll"
    WEBHOOK = "webhook"
    QUEUE = "queue"
    BACKFILL = "backfill"
    ADOPT = "adopt"


@dataclass(frozen=True, slots=True)
class Message:
    """One owed message as claimed from the ledger: the bytes that were recorded are the bytes sent."""

    event_id: UUID
    lane: int
    seq: int
    body: bytes
    captured_at: int  # microseconds since 1970, UTC
    attempts: int
    priority: Priority = Priority.LIVE
