"""Preview: what one record tells now, beside what was told of it already. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from commerce_events.domain.deliveries import Door
from commerce_events.domain.facts import Fact, Kind, Reason, Refund
from commerce_events.domain.lifecycle import judge
from commerce_events.domain.records import Record, Reject
from commerce_events.domain.states import Policy, State
from commerce_events.ledger.entries import Owed
from commerce_events.ledger.reports import Told
from commerce_events.steps.store import OpenStore
from commerce_events.templates.differences import Difference, differences

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """One fact at one destination: what today's rules make of it, and what became of it.

    `news`: the next capture records it. Neither news nor told: it waits until the record changes again.
    """

    fact: Fact
    event_id: UUID
    owed: Owed
    told: Told | None
    news: bool

    @property
    def message(self) -> dict[str, Any] | None:
        return _message(self.owed.body)

    @property
    def differences(self) -> Sequence[Difference]:
        """Where the message that was recorded differs from the one made now; nothing where either is gone."""
        recorded, now = _message(self.told.body) if self.told else None, self.message
        return tuple(differences(recorded, now)) if recorded is not None and now is not None else ()


@dataclass(frozen=True, slots=True)
class Preview:
    """`earlier` was told once and is not implied by the record's present state: its updates, above all."""

    found: Record | Reject
    lines: Sequence[Line]
    earlier: Sequence[Told]


def preview(store: OpenStore, stream: str, record_id: str) -> Preview:
    """Read one record from the store and judge it beside what the ledger knows; writes nothing."""
    told = store.ledger.reports.of_record(store.name, stream, record_id)
    found = store.source.read(stream, record_id)
    if isinstance(found, Reject):
        return Preview(found, (), told)
    known = store.ledger.records.states(store.name, stream, [record_id]).get(record_id)
    lines = _lines(store, found, known.state if known else None, told)
    shown = {(line.event_id, line.owed.destination) for line in lines}
    return Preview(found, lines, [row for row in told if (row.event_id, row.destination) not in shown])


def _lines(store: OpenStore, record: Record, state: State | None, told: Sequence[Told]) -> list[Line]:
    policy = store.settings.lifecycle_policy()
    news = {_identity(fact): fact for fact in judge(record, state, policy).facts}
    facts = {_identity(fact): fact for fact in _implied(record, state, told, policy)} | news
    rows = {(row.event_id, row.destination): row for row in told}
    return [
        Line(fact, made.event_id, owed, row, row is None and _identity(fact) in news)
        for fact in sorted(facts.values(), key=lambda fact: list(Kind).index(fact.kind))
        for made in store.renderer.told(fact, record, Door.POLL)
        for owed in made.owed
        for row in [rows.get((made.event_id, owed.destination))]
    ]


def _implied(record: Record, state: State | None, told: Sequence[Told], policy: Policy) -> Iterable[Fact]:
    """All that the record's present state implies, as if none of it had been told."""
    if state is None:
        return judge(record, None, policy).facts
    blank = State(BEFORE_ALL, b"", refunded=0, watched={})
    facts = judge(record, blank, replace(policy, every_update=False)).facts
    return [_as_met(fact, [row for row in told if row.kind == fact.kind]) for fact in facts]


def _as_met(fact: Fact, told: Sequence[Told]) -> Fact:
    """What depends on the moment a fact was met: a refund's part, and a time that no source tells."""
    if fact.refund is not None:
        lower = [int(row.revision) for row in told if row.reason != Reason.PARTIAL_REFUND]
        before = max((total for total in lower if total < fact.refund.total), default=0)
        fact = replace(fact, refund=Refund(fact.refund.total - before, fact.refund.total))
    met = next((row for row in told if row.revision == fact.revision), None)
    if met is None or fact.certain:
        return fact
    unknown = Reason.UNKNOWN_TIME if met.reason == Reason.UNKNOWN_TIME else fact.filtered
    return replace(fact, occurred_at=met.occurred_at, filtered=unknown)


def _identity(fact: Fact) -> tuple[Kind, str]:
    return fact.kind, fact.revision


def _message(body: bytes | None) -> dict[str, Any] | None:
    found: dict[str, Any] | None = orjson.loads(body) if body else None
    return found
