"""The past of known records, for backfills: what was filtered and may be told after all."""

from collections.abc import Mapping, Sequence

from commerce_events.domain.deliveries import Door
from commerce_events.domain.past import Untold, worth_telling
from commerce_events.ledger.entries import KnownStates
from commerce_events.steps.store import OpenStore

PEOPLE = "people"  # no store's stream: what is known of people is told anew whenever it changes

Past = Sequence[Untold]
PastByRecord = Mapping[str, Past]


def untold_of(store: OpenStore, stream: str, seen: KnownStates) -> PastByRecord:
    """By record. Only a backfill and an adoption go back to what is known already."""
    if store.door not in (Door.BACKFILL, Door.ADOPT) or stream == PEOPLE or not seen:
        return {}
    found = store.ledger.reopening.untold(store.name, stream, list(seen))
    return {record: rows for record, rows in found.items() if worth_telling(rows, store.policy)}
