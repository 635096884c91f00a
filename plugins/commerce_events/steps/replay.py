"""Replay: render what waits for a person once more, and put what passes back in line."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from commerce_events.domain.deliveries import Status
from commerce_events.ledger.entries import Owed, Told
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.waiting import Choice, Held
from commerce_events.steps.render import Renderer, Rendering

# Messages taken up at a time; each such group is one transaction.
GROUP = 200


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a waiting message by today's templates and contracts.

    `becomes` None: nothing can be made of it, and it stays as it is.
    """

    destination: str
    kind: str
    was: Status
    becomes: Status | None
    reason: str | None
    detail: str | None


def replay(
    ledger: Ledger,
    renderers: Mapping[str, Renderer],
    choice: Choice,
    *,
    dry_run: bool,
    clock: Callable[[], datetime],
) -> Counter[str]:
    """Returns how many would be, or are, pending, quarantined or filtered by today's templates.

    Ids and times stay; what may have been sent already is left alone. A message whose input is gone keeps
    its bytes. `renderers` by store. Left as they are, and counted: those of an `unknown store`, and those of
    which `nothing is left`.
    """
    outcome: Counter[str] = Counter()
    for fate, count in fates(ledger, renderers, choice, dry_run=dry_run, clock=clock).items():
        outcome[str(fate.becomes or fate.reason)] += count
    return outcome


def fates(
    ledger: Ledger,
    renderers: Mapping[str, Renderer],
    choice: Choice,
    *,
    dry_run: bool,
    clock: Callable[[], datetime],
) -> Counter[Fate]:
    """As `replay`, told apart by message and reason."""
    outcome: Counter[Fate] = Counter()
    after = 0
    while True:
        group, after = ledger.waiting.next(choice, after, GROUP)
        if not group:
            return outcome
        again = [(held, *_again(renderers, held)) for held in group]
        outcome.update(_fate(held, made) for held, made, _ in again)
        if not dry_run:
            settled = [(held, made) for held, made, _ in again if isinstance(made, Owed)]
            further = [(held, told) for held, _, calls in again for told in calls]
            ledger.waiting.settle(settled, clock(), further)


def _again(renderers: Mapping[str, Renderer], held: Held) -> tuple[Owed | str, list[Told]]:
    """The message as it is owed now, or why nothing can be made of it; and its template's further calls."""
    if held.store not in renderers:
        return "unknown store", []
    if held.input is not None:
        renderer = renderers[held.store]
        rendering = renderer.render(held.kind, held.occurred_at, orjson.loads(held.input))
        made = renderer.owed(rendering, held.part, held.event_id, held.destination)
        return made, _further(renderer, rendering, held)
    if held.body:
        return Owed(held.destination, Status.PENDING, body=held.body), []
    return "nothing is left", []


def _further(renderer: Renderer, rendering: Rendering, held: Held) -> list[Told]:
    """A template that fails is told as one message without a call: mended, it may make several."""
    if held.part:
        return []
    return [
        renderer.call_of(held.fact, part, held.lane, rendering, held.destination)
        for part in rendering.parts[1:]
    ]


def _fate(held: Held, made: Owed | str) -> Fate:
    if isinstance(made, str):
        return Fate(held.destination, held.kind, held.status, None, made, None)
    return Fate(held.destination, held.kind, held.status, made.status, made.reason, made.detail)
