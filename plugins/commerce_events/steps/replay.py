"""Replay: render what waits for a person once more, and put what passes back in line."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

import orjson

from commerce_events.domain.deliveries import Status
from commerce_events.ledger.entries import Owed
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.waiting import Choice, Held
from commerce_events.steps.render import Renderer

# Messages taken up at a time; each such group is one transaction.
GROUP = 200


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
    its bytes. `renderers` by store; what belongs to another store is counted as `unknown store`.
    """
    outcome: Counter[str] = Counter()
    after = 0
    while True:
        group, after = ledger.waiting.next(choice, after, GROUP)
        if not group:
            return outcome
        again = [(held, _again(renderers[held.store], held)) for held in group if held.store in renderers]
        outcome.update(str(owed.status) for _, owed in again)
        outcome["unknown store"] += len(group) - len(again)
        if not dry_run:
            ledger.waiting.settle(again, clock())


def _again(renderer: Renderer, held: Held) -> Owed:
    if held.input is None:
        status = Status.PENDING if held.body is not None else held.status
        return Owed(held.destination, status, body=held.body)
    rendering = renderer.render(held.kind, held.occurred_at, orjson.loads(held.input))
    return renderer.owed(rendering, held.part, held.event_id, held.destination)
