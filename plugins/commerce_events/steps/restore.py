"""Restore: rows that the ledger itself has lost, made again from what is left of them and from the store."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from commerce_events.domain.states import State
from commerce_events.ledger.entries import Carried
from commerce_events.ledger.found import Gap
from commerce_events.ledger.found import State as Ending
from commerce_events.ledger.lost import Unowed, Untold
from commerce_events.steps.recapture import recapture
from commerce_events.steps.record import Doubt
from commerce_events.steps.store import OpenStore

LOST_FACT = "its fact is missing in the ledger"
LOST_MESSAGE = "its message is missing in the ledger"

# A record, its day, and the kind of what was lost of it.
Missed = tuple[str, date, str]


def restore_lost(store: OpenStore, stream: str, start: datetime, end: datetime) -> list[Gap]:
    """Of records created from `start` on and before `end`, what was lost and what became of it."""
    lost, key = store.ledger.lost, (store.name, stream, start, end)
    messages = lost.unowed(*key)
    _owe_again(store, messages)
    facts = lost.untold(*key)
    recapture(store, stream, [each.record_id for each in facts], _as_if_untold(facts))
    again = lost.untold(*key) if facts else []
    left = {(each.record_id, str(kind)) for each in again for kind in each.kinds}
    told = [(each.record_id, each.day, each.kind) for each in messages]
    untold = [(each.record_id, each.day, str(kind)) for each in facts for kind in each.kinds]
    return [
        *_gaps(key[:2], LOST_MESSAGE, told, left),
        *_gaps(key[:2], LOST_FACT, untold, left),
    ]


def _owe_again(store: OpenStore, messages: Sequence[Unowed]) -> None:
    """What a batch has taken is accepted; the rest goes out with the bytes it had."""
    taken: dict[tuple[str, UUID], Carried] = {}
    for destination in {each.destination for each in messages}:
        mine = [each for each in messages if each.destination == destination]
        since = min(each.occurred_at for each in mine)
        found = store.ledger.departures.taken(destination, [each.event_id for each in mine], since)
        taken |= {(destination, event): carried for event, carried in found.items()}
    again = [(each, taken.get((each.destination, each.event_id))) for each in messages]
    store.ledger.lost.owe_again(again, store.clock())


def _as_if_untold(facts: Iterable[Untold]) -> Doubt:
    by_id = {each.record_id: each for each in facts}

    def doubt(record_id: str, state: State) -> State:
        each = by_id[record_id]
        refunded = state.refunded if each.refunded is None else each.refunded
        return replace(state, done=state.done - each.kinds, refunded=refunded, settled=False)

    return doubt


def _gaps(
    key: tuple[str, str], reason: str, found: Iterable[Missed], left: Collection[tuple[str, str]]
) -> list[Gap]:
    """One for each record; the detail says which of its messages."""
    kinds: defaultdict[tuple[str, date], set[str]] = defaultdict(set)
    for record_id, day, kind in found:
        kinds[record_id, day].add(kind)
    return [
        Gap(*key, record_id, reason, day, _ending(record_id, some, left), ", ".join(sorted(some)))
        for (record_id, day), some in kinds.items()
    ]


def _ending(record_id: str, kinds: Iterable[str], left: Collection[tuple[str, str]]) -> Ending:
    return Ending.OPEN if any((record_id, kind) in left for kind in kinds) else Ending.HEALED
