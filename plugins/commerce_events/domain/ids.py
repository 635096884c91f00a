"""Ids that are computed from what they name, so that the same thing met twice is one row."""

from hashlib import blake2b
from uuid import UUID, uuid5

from commerce_events.domain.facts import Fact

# Raised only if the recipe below ever changes; the ledger refuses to run with another one.
RECIPE = "1"

# Characters that the ledger keeps of an id.
LONGEST_ID = 200

# Lanes split people into groups whose messages keep their order.
LANES = 256


def event_id(namespace: UUID, fact: Fact, part: str = "", correction: int = 0) -> UUID:
    """The same fact always gets the same id, through whichever door it came.

    Segment keeps one table of seen ids for all its customers, hence the namespace of the store's own.
    """
    parts = (fact.stream, fact.record_id, fact.kind, part, fact.revision, correction or "")
    return uuid5(namespace, "\x1f".join(map(str, parts)))


def message_id(event: UUID, destination: str, *, first: bool) -> str:
    """The first destination of a store shares the fact's id; each further one gets its own."""
    return str(event if first else uuid5(event, destination))


def is_keepable(text: str) -> bool:
    """Whether every ledger can keep a text as an id: not endless, and without control characters, which
    Postgres refuses. Ids that a shop's own fields hold may be anything.
    """
    return 0 < len(text) <= LONGEST_ID and text.isprintable()


def lane_of(person: str) -> int:
    """The lane of a person: stable across processes and versions."""
    return blake2b(person.encode(), digest_size=1).digest()[0]
