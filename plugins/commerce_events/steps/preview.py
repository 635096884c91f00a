"""Preview: what one order would tell now, and what it was told already. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from commerce_events.domain.deliveries import Door
from commerce_events.domain.facts import Fact
from commerce_events.domain.lifecycle import judge
from commerce_events.domain.records import Reject
from commerce_events.ledger.entries import Owed
from commerce_events.ledger.reports import Told
from commerce_events.steps.store import OpenStore


@dataclass(frozen=True, slots=True)
class Preview:
    """`facts` are all that the record's present state implies, as if seen for the first time."""

    rejected: Reject | None
    facts: Sequence[tuple[Fact, Owed]]
    told: Sequence[Told]

    def message(self, owed: Owed) -> dict[str, Any] | None:
        found: dict[str, Any] | None = orjson.loads(owed.body) if owed.body else None
        return found


def preview(store: OpenStore, stream: str, record_id: str) -> Preview:
    """Read one record from the store and judge it beside what the ledger knows; writes nothing."""
    told = store.ledger.reports.of_record(store.name, stream, record_id)
    found = store.source.read(stream, record_id)
    if isinstance(found, Reject):
        return Preview(found, (), told)
    judgement = judge(found, None, store.settings.lifecycle_policy())
    facts = [
        (fact, owed)
        for fact in judgement.facts
        for row in store.renderer.told(fact, found, Door.POLL)
        for owed in row.owed
    ]
    return Preview(None, facts, told)
