"""Registration: what a store must tell us of, beside what it has been told to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from commerce_events.config import Store
from commerce_events.domain.errors import TransientError
from commerce_events.sources.elasticpath.integrations import (
    MOST_EVENTS,
    WEBHOOK,
    Integration,
    Integrations,
    Webhook,
)
from commerce_events.steps.observed import observed

MOST_LOOKS = 3


class Deed(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do at the store, and why. `found` is None for what is not there yet."""

    deed: Deed
    name: str
    why: str
    wanted: Webhook | None = None
    found: Integration | None = None


def ours(store: Store, found: Sequence[Integration]) -> list[Integration]:
    """The webhooks that bear our name for this store; nobody else's are ever touched."""
    mine = [each for each in found if each.kind == WEBHOOK and _number(store, each.name) is not None]
    return sorted(mine, key=lambda each: (_number(store, each.name) or 0, each.id))


def wanted(store: Store, url: str, secret: str) -> list[Webhook]:
    events = iter(observed(store))
    groups = iter(lambda: tuple(islice(events, MOST_EVENTS)), ())
    return [Webhook(_name(store, number), url, group, secret) for number, group in enumerate(groups, 1)]


def plan(store: Store, url: str, secret: str, found: Sequence[Integration]) -> list[Step]:
    """What must be done for the store to tell us of everything; nothing if it does."""
    left = {each.name: each for each in wanted(store, url, secret)}
    steps: list[Step] = []
    for each in ours(store, found):
        target = left.pop(each.name, None)
        if target is None:
            steps.append(Step(Deed.DELETE, each.name, "it is one too many", found=each))
        elif why := differences(each, target):
            steps.append(Step(Deed.CHANGE, each.name, "; ".join(why), target, each))
    return steps + [Step(Deed.CREATE, name, "it is not there", target) for name, target in left.items()]


def differences(found: Integration, target: Webhook) -> list[str]:
    return [
        *(["it is switched off"] if not found.enabled else []),
        *([f"it posts to {found.url}"] if found.url != target.url else []),
        *_events(set(found.events), set(target.events)),
        *(["its secret is not the connection's"] if found.secret not in (None, target.secret) else []),
    ]


def perform(integrations: Integrations, steps: Sequence[Step]) -> None:
    for step in steps:
        match step:
            case Step(deed=Deed.CREATE, wanted=Webhook() as target):
                integrations.create(target)
            case Step(deed=Deed.CHANGE, wanted=Webhook() as target, found=Integration() as known):
                integrations.change(known.id, target)
            case Step(deed=Deed.DELETE, found=Integration() as known):
                integrations.delete(known.id)


def register(store: Store, integrations: Integrations, url: str, secret: str) -> list[Step]:
    """Make it so; returns what was done. A secret that cannot be read back is written again.

    Looks again afterwards: an attempt whose answer was lost may have been taken twice.
    """
    found = integrations.all()
    steps = plan(store, url, secret, found)
    done = steps + _unreadable(store, url, secret, found, steps)
    perform(integrations, done)
    for _ in range(MOST_LOOKS):
        steps = plan(store, url, secret, integrations.all())
        if not steps:
            return done
        perform(integrations, steps)
        done += steps
    raise TransientError("somebody else is changing the same integrations; run this again")


def remove(store: Store, integrations: Integrations) -> list[Step]:
    steps = [Step(Deed.DELETE, each.name, "as asked", found=each) for each in ours(store, integrations.all())]
    perform(integrations, steps)
    return steps


def _unreadable(
    store: Store, url: str, secret: str, found: Sequence[Integration], steps: Sequence[Step]
) -> list[Step]:
    named = {step.name for step in steps}
    hidden = {each.name: each for each in ours(store, found) if each.secret is None}
    return [
        Step(Deed.CHANGE, each.name, "its secret cannot be read back", each, hidden[each.name])
        for each in wanted(store, url, secret)
        if each.name in hidden.keys() - named
    ]


def _events(found: set[str], target: set[str]) -> Iterator[str]:
    if missing := sorted(target - found):
        yield f"it does not tell of {', '.join(missing)}"
    if more := sorted(found - target):
        yield f"it tells of {', '.join(more)}, which nobody needs"


def _name(store: Store, number: int) -> str:
    return f"commerce-events {store.name} {number}"


def _number(store: Store, name: str) -> int | None:
    start, _, number = name.rpartition(" ")
    return int(number) if start == f"commerce-events {store.name}" and number.isdecimal() else None
