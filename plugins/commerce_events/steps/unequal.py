"""Which days may hold a record that has moved on in the store, told by counting states on both sides."""

from collections.abc import Mapping, Sequence
from itertools import product

from commerce_events.domain.states import short_hash
from commerce_events.steps.days import Piece
from commerce_events.steps.store import OpenStore

# What the orders of a span are counted by. One in a state that is not named here is found by the sum.
STATES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "orders": {
        "payment": (
            "unpaid",
            "partially_authorized",
            "authorized",
            "partially_paid",
            "paid",
            "refunded",
        ),
        "status": ("incomplete", "processing", "complete", "cancelled"),
    }
}

# Where a span has fewer records than this, to list it costs no more than to count its states once more.
WORTH_COUNTING = 2_400


def unequal(store: OpenStore, stream: str, span: Sequence[Piece]) -> list[Piece]:
    """Those of these days, which follow each other, that must be listed; whole halves are left out."""
    known = store.ledger.accounts.states(
        store.name, stream, span[0].start, span[-1].end, tuple(STATES.get(stream, ()))
    )
    if stream not in STATES or not known or _agree(store, stream, span, known):
        return []
    if len(span) == 1 or known.total() < WORTH_COUNTING:
        return list(span)
    half = len(span) // 2
    return unequal(store, stream, span[:half]) + unequal(store, stream, span[half:])


def _agree(
    store: OpenStore, stream: str, span: Sequence[Piece], known: Mapping[tuple[str | None, ...], int]
) -> bool:
    """What an erasure has blanked agrees with nothing: nobody can tell what state it stands for."""
    left = dict(known)
    for values in product(*STATES[stream].values()):
        where = dict(zip(STATES[stream], values, strict=True))
        counted = store.source.count(stream, span[0].start, span[-1].end, **where)
        if counted != left.pop(tuple(map(short_hash, values)), 0):
            return False
    return not left
