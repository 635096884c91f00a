"""How long news took, from the change at the store to the receiver's answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commerce_events.domain.deliveries import Door

MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Delay:
    """One message's way, in microseconds since 1970; stores tell `changed_at` in whole seconds."""

    store: str
    door: Door
    changed_at: int
    received_at: int
    captured_at: int
    accepted_at: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds."""

    p50: float
    p95: float
    most: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one store and door: to us (`arrival`), from there to the receiver (`ours`), and all the way."""

    store: str
    door: Door
    messages: int
    arrival: Spread
    ours: Spread
    altogether: Spread


def summaries(delays: Iterable[Delay]) -> list[Summary]:
    groups: dict[tuple[str, Door], list[Delay]] = {}
    for each in delays:
        groups.setdefault((each.store, each.door), []).append(each)
    return [
        Summary(
            store,
            door,
            len(group),
            arrival=spread([each.received_at - each.changed_at for each in group]),
            ours=spread([each.accepted_at - each.received_at for each in group]),
            altogether=spread([each.accepted_at - each.changed_at for each in group]),
        )
        for (store, door), group in sorted(groups.items())
    ]


def spread(micros: Sequence[int]) -> Spread:
    """Of at least one. A clock that is ahead of ours would make a delay negative: it is none."""
    ordered = sorted(max(0, each) / MICROS for each in micros)
    return Spread(_at(ordered, 0.5), _at(ordered, 0.95), ordered[-1])


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
