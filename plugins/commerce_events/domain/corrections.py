"""Corrections: a fact that was already told is told once more, under a new id, to whom that does no harm.

Receivers know a message by its id. One that was taken is never replaced: a second one counts again. Only a
warehouse can be asked afterwards for the last telling alone, so that by default only warehouses get it.
"""

from collections.abc import Collection, Mapping
from typing import Any

Json = Mapping[str, Any]


def warehouses_only(named: Collection[str]) -> dict[str, bool]:
    """Segment's `integrations` for nobody but warehouses, which it does not apply to.

    `named`: receivers that a batch may name, which stands beside what a message says of all.
    """
    return {"All": False, **dict.fromkeys(sorted(named), False)}


def corrected(message: Json, kept: Json | None) -> dict[str, Any]:
    """The message as a correction says it: who sees it, and which message it stands for.

    `kept` is what a correction leaves in a message's input, so that a replay of it makes the same.
    """
    if kept is None:
        return dict(message)
    routed = {"integrations": dict(kept["integrations"])} if kept["integrations"] else {}
    context = {**message.get("context", {}), "correction": {"number": kept["number"], "of": kept["of"]}}
    return {**message, **routed, "context": context}


def with_correction(document: Json, number: int, of: str, integrations: Mapping[str, bool]) -> dict[str, Any]:
    """A kept input as the correction of message `of`."""
    commerce = document["commerce"]
    kept = {"number": number, "of": of, "integrations": dict(integrations)}
    return {**document, "commerce": {**commerce, "event": {**commerce["event"], "correction": kept}}}


def says_the_same(sent: Json, now: Json) -> bool:
    """Whether two messages differ in nothing but what every message has of its own."""
    return content(sent) == content(now)


def content(message: Json) -> dict[str, Any]:
    """A message without its id, its routing, and what names the program that made it."""
    context = {
        key: value
        for key, value in message.get("context", {}).items()
        if key not in ("library", "correction", "app")
    }
    own = ("messageId", "integrations", "context")
    return {**{key: value for key, value in message.items() if key not in own}, "context": context}
