"""Decide: what a person changes in a message that waits, or gives up for good."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from commerce_events.domain.errors import AttentionError, ConfigurationError
from commerce_events.ledger.decisions import Decision
from commerce_events.ledger.entries import Owed
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.waiting import Choice, Held
from commerce_events.steps.render import Renderer
from commerce_events.templates.differences import differences

GROUP = 200

# What rendering needs of an input, whatever its template reads.
NEEDED = (("commerce",), ("commerce", "event"), ("commerce", "identity"), ("commerce", "context"))


def discard(ledger: Ledger, choice: Choice, decision: Decision, *, clock: Callable[[], datetime]) -> int:
    """Close all waiting messages of the choice as filtered; returns how many.

    Also those that may have been sent: whatever became of them, nothing more is done.
    """
    count, after = 0, 0
    while True:
        group, after = ledger.waiting.all(choice, after, GROUP)
        if not group:
            return count
        count += ledger.decisions.discard(group, decision, clock())


def the_one(ledger: Ledger, choice: Choice) -> Held:
    """The only waiting message of the choice; ConfigurationError says why there is none."""
    found, _ = ledger.waiting.all(choice, 0, 2)
    if len(found) != 1:
        how_many = "several messages wait" if found else "no message waits"
        raise ConfigurationError(
            f"{how_many} under that id: name one by its event id, and by --destination if it goes to several"
        )
    return found[0]


def shown(held: Held) -> dict[str, Any]:
    """A message and what it was rendered from, for a person to change one of them. It is personal data."""
    return {
        "message": orjson.loads(held.body) if held.body else None,
        "input": orjson.loads(held.input) if held.input else None,
    }


def edit(
    ledger: Ledger,
    renderers: Mapping[str, Renderer],
    held: Held,
    change: Mapping[str, Any],
    decision: Decision,
    *,
    clock: Callable[[], datetime],
) -> Owed:
    """Put a waiting message in line as a person changed it; returns how it stands now.

    `change` has a `message`, sent as it stands once it keeps its contract, or an `input`, rendered again.
    Its id and its time are kept. A changed message has no input any more, so that no later replay undoes it.
    """
    if held.store not in renderers:
        raise ConfigurationError(f"commerce.toml has no store {held.store!r} any more")
    owed, detail = _changed(renderers[held.store], held, change)
    if not ledger.decisions.edit(held, owed, detail, decision, clock()):
        raise AttentionError("the message no longer waits, or may have been sent: nothing was changed")
    return owed


def _changed(renderer: Renderer, held: Held, change: Mapping[str, Any]) -> tuple[Owed, str]:
    before = shown(held)
    changed = [name for name in before if change.get(name) is not None and change[name] != before[name]]
    if len(changed) != 1 or not isinstance(change[changed[0]], dict):
        raise ConfigurationError(
            "the file must hold what `replay --show` prints, with either its message or its input changed"
        )
    now = change[changed[0]]
    paths = ", ".join(each.path for each in differences(before[changed[0]] or {}, now))
    if changed == ["message"]:
        return renderer.edited(now, held.occurred_at, held.event_id, held.destination), f"message: {paths}"
    if not all(isinstance(_at(now, name), dict) for name in NEEDED):
        raise ConfigurationError(f"the input must keep its objects {', '.join(map('.'.join, NEEDED))}")
    rendering = renderer.render(held.kind, held.occurred_at, now)
    return renderer.owed(rendering, held.part, held.event_id, held.destination), f"input: {paths}"


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document
