"""Correct: tell a fact once more that was told wrongly, as a new message."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from commerce_events.domain.corrections import content, says_the_same, with_correction
from commerce_events.domain.deliveries import Status
from commerce_events.domain.ids import event_id, message_id
from commerce_events.ledger.decisions import Corrected, Decision, Sent
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.waiting import Choice
from commerce_events.steps.render import Renderer
from commerce_events.templates.differences import differences

GROUP = 200
UNCHANGED = "says what was sent"


@dataclass(frozen=True, slots=True)
class Routing:
    """Which receivers behind each destination see a correction, in the words of its `integrations`."""

    by_destination: Mapping[str, Mapping[str, bool]]

    def of(self, destination: str) -> Mapping[str, bool]:
        return self.by_destination.get(destination, {})


def correct(
    ledger: Ledger,
    renderers: Mapping[str, Renderer],
    choice: Choice,
    routing: Routing,
    decision: Decision,
    *,
    dry_run: bool,
    clock: Callable[[], datetime],
) -> Counter[str]:
    """Render messages again that were accepted or may have been; what differs is owed under a new id.

    Returns how many were, or would be, `corrected`, and why others were left alone. Safe to repeat: what
    says the same as the last telling is no correction.
    """
    outcome: Counter[str] = Counter()
    after = 0
    while True:
        group, after = ledger.decisions.sent(choice, after, GROUP)
        if not group:
            return +outcome
        made = [_again(renderers, sent, routing) for sent in group]
        outcome.update(one for one in made if isinstance(one, str))
        new = [one for one in made if isinstance(one, Corrected)]
        outcome["corrected"] += len(new) if dry_run else ledger.decisions.correct(new, decision, clock())


def _again(renderers: Mapping[str, Renderer], sent: Sent, routing: Routing) -> Corrected | str:
    """The correction, or why there is none."""
    held, renderer = sent.held, renderers.get(sent.held.store)
    if renderer is None:
        return "unknown store"
    if held.input is None or held.body is None:
        return "nothing is left"
    number = sent.corrections + 1
    event = event_id(renderer.store.namespace, held.fact, held.part, number)
    first = renderer.is_first(held.destination)
    before = message_id(held.event_id, held.destination, first=first)
    document = with_correction(orjson.loads(held.input), number, before, routing.of(held.destination))
    rendering = renderer.render(held.kind, held.occurred_at, document)
    owed = renderer.owed(rendering, held.part, event, held.destination)
    if owed.status != Status.PENDING or owed.body is None:
        return f"{owed.status} by today's rules"
    then, now = orjson.loads(held.body), orjson.loads(owed.body)
    if says_the_same(then, now):
        return UNCHANGED
    return Corrected(held, event, number, owed, changed_paths(then, now))


def changed_paths(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Where two messages differ; never what stands there."""
    return ", ".join(each.path for each in differences(content(then), content(now)))[:500]
