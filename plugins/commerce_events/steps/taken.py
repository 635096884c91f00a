"""What was sent before the ledger lost its row is not owed again: receivers forget an id after a day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from commerce_events.domain.deliveries import Status
from commerce_events.ledger.entries import Carried, Entry, Owed, Told
from commerce_events.ledger.ledger import Ledger


def untaken(ledger: Ledger, entries: Sequence[Entry]) -> list[Entry]:
    """The entries, with what a batch has taken as accepted."""
    ids: defaultdict[str, set[UUID]] = defaultdict(set)
    times: list[datetime] = []
    for entry in entries:
        for told in entry.told:
            times.append(told.fact.occurred_at)
            for owed in told.owed:
                if owed.status == Status.PENDING:
                    ids[owed.destination].add(told.event_id)
    taken = {
        (destination, event): carried
        for destination, some in ids.items()
        for event, carried in ledger.departures.taken(destination, some, min(times)).items()
    }
    return [replace(entry, told=[_marked(each, taken) for each in entry.told]) for entry in entries]


def _marked(told: Told, taken: Mapping[tuple[str, UUID], Carried]) -> Told:
    return replace(
        told, owed=[_as_taken(each, taken.get((each.destination, told.event_id))) for each in told.owed]
    )


def _as_taken(owed: Owed, carried: Carried | None) -> Owed:
    return replace(owed, status=Status.ACCEPTED, carried=carried) if carried else owed
