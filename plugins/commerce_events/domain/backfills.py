"""What every message of a backfill carries, so that nobody takes the past for news."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from commerce_events.domain.states import Live

EVERYTHING = "All"


@dataclass(frozen=True, slots=True)
class Backfill:
    """`id` is the plan's. `integrations` says which receivers behind the destination may see its messages;
    empty: those that see live ones.
    """

    id: str
    integrations: Mapping[str, Any] = field(default_factory=dict)
    live: Live | None = None  # what is left to the live sync

    def kept(self) -> dict[str, Any]:
        """As JSON, beside what a message is rendered from: a replay composes the same message."""
        return {"id": self.id, "integrations": dict(self.integrations)}


def backfill_of(event: Mapping[str, Any]) -> Backfill | None:
    """The backfill that a kept `commerce.event` was met in, if any."""
    kept = event.get("backfill")
    return None if kept is None else Backfill(kept["id"], kept["integrations"])


def closed(preset: Mapping[str, bool], named: Mapping[str, Any]) -> dict[str, bool]:
    """A preset that holds whatever a connection says of single receivers.

    Segment merges what a batch says into its messages. A receiver that the connection names and the preset
    leaves to its `All` would follow the connection: it is named here too.
    """
    if EVERYTHING not in preset:
        return dict(preset)
    return {**{name: preset[EVERYTHING] for name in named}, **preset}
