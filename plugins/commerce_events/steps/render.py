"""From a fact to what is owed for it: rendered, composed, checked against its contract, as bytes.

What fails on the way is owed all the same: quarantined, with the reason and where.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from commerce_events.config import Store
from commerce_events.contracts.contracts import Contracts
from commerce_events.destinations.segment import compose
from commerce_events.domain.backfills import Backfill, backfill_of
from commerce_events.domain.batches import MAX_MESSAGE_BYTES
from commerce_events.domain.consent import lacks_consent
from commerce_events.domain.corrections import corrected
from commerce_events.domain.deliveries import Door, Status
from commerce_events.domain.errors import TemplateError
from commerce_events.domain.facts import Fact, Kind, Reason
from commerce_events.domain.identity import Identity, identify
from commerce_events.domain.ids import event_id, lane_of, message_id
from commerce_events.domain.records import Record
from commerce_events.domain.traits import allowed
from commerce_events.ledger.entries import Owed, Told
from commerce_events.ledger.packing import packed
from commerce_events.templates.library import Templates
from commerce_events.templates.view import template_input

# What a message is rendered from. It holds all that a replay needs beside the fact's id and time.
Input = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a template made of one input: its calls by part, or why there are none.

    The first call's part has no name, so that its id does not change when a second call joins it. `kept` is
    the document, packed for replays.
    """

    kind: Kind
    occurred_at: datetime
    document: Input
    kept: bytes
    calls: Mapping[str, Mapping[str, Any]]
    failure: str | None = None

    @property
    def parts(self) -> list[str]:
        return list(self.calls) or [""]


@dataclass(frozen=True, slots=True)
class Receiver:
    """What one destination demands of a message before it may leave.

    A shadow never shares its ids with anybody: Segment would take a later, real message for a repetition.
    """

    contracts: Contracts
    needs_consent: Collection[str] = ()
    is_shadow: bool = False
    counts_runs: bool = False  # messages say which run captured them


@dataclass(frozen=True, slots=True)
class Renderer:
    """How one store's facts become messages for its destinations, by name.

    `key` is the secret behind hashed guest ids, `run` the one that captures.
    """

    store: Store
    templates: Templates
    receivers: Mapping[str, Receiver]
    key: bytes
    run: str | None = None

    def identity(self, record: Record) -> Identity:
        return identify(record, self.store.identity_policy(), self.key)

    def told(
        self,
        fact: Fact,
        record: Record,
        door: Door,
        *,
        identity: Identity | None = None,
        first_order: bool | None = None,
        backfill: Backfill | None = None,
    ) -> list[Told]:
        """The rows for one fact: one, or one for each call its template makes.

        `identity`: the ids to send, where they are not what the record alone says. `backfill` marks the
        messages and changes no id.
        """
        identity = identity or self.identity(record)
        lane = lane_of(identity.person or f"{record.stream}:{record.id}")
        if fact.filtered is not None:
            ended = [Owed(name, Status.FILTERED, fact.filtered) for name in self.store.destinations]
            return [Told(event_id(self.store.namespace, fact), fact, "", lane, ended)]
        document = self._input(fact, record, identity, door, first_order)
        if backfill is not None:
            document["commerce"]["event"]["backfill"] = backfill.kept()
        if self.run and any(receiver.counts_runs for receiver in self.receivers.values()):
            document["commerce"]["event"]["run"] = self.run
        rendering = self.render(fact.kind, fact.occurred_at, document)
        return [
            self.call_of(fact, part, lane, rendering, *self.store.destinations) for part in rendering.parts
        ]

    def render(self, kind: Kind, occurred_at: datetime, document: Input) -> Rendering:
        kept = packed(orjson.dumps(document))  # at once: what waits to be recorded is a fifth as large
        if joining := _joining(document["commerce"]):
            return Rendering(kind, occurred_at, document, kept, {"": joining})
        try:
            calls = self.templates.render(self.store.tracking(kind).template, document, occurred_at)
        except TemplateError as error:
            return Rendering(kind, occurred_at, document, kept, {}, str(error)[:500])
        parts = {str(place or ""): call for place, call in enumerate(calls)}
        return Rendering(kind, occurred_at, document, kept, parts)

    def owed(self, rendering: Rendering, part: str, event: UUID, destination: str) -> Owed:
        """One part as one destination gets it. The same input gives the same bytes, now and in a replay."""
        if rendering.failure is not None:
            failure = rendering.failure
            return Owed(destination, Status.QUARANTINED, "template", failure, input=rendering.kept)
        if self._lacks_consent(rendering.document, destination):
            return Owed(destination, Status.FILTERED, Reason.NO_CONSENT)
        call = rendering.calls.get(part)
        if call is None:
            return Owed(destination, Status.FILTERED, Reason.EMPTY)
        message = compose(
            call,
            message_id=message_id(event, destination, first=self.is_first(destination)),
            occurred_at=rendering.occurred_at,
            identity=self._identity_of(rendering),
            backfill=backfill_of(rendering.document["commerce"]["event"]),
            run=self._run_of(rendering, destination),
        )
        message = corrected(message, rendering.document["commerce"]["event"].get("correction"))
        return self._checked(message, rendering.kept, destination, links="link" in _ids(rendering))

    def edited(self, message: Input, occurred_at: datetime, event: UUID, destination: str) -> Owed:
        """A message as a person wrote it; its id and time are not theirs to change, and it keeps no input."""
        first = self.is_first(destination)
        named = compose(
            message,
            message_id=message_id(event, destination, first=first),
            occurred_at=occurred_at,
            identity=None,
        )
        return self._checked(named, None, destination, links=False)

    def is_first(self, destination: str) -> bool:
        """Whether messages carry the fact's own id there. A shadow's never do."""
        real = (name for name in self.store.destinations if not self.receivers[name].is_shadow)
        return destination == next(real, None)

    def _input(
        self, fact: Fact, record: Record, identity: Identity, door: Door, first_order: bool | None
    ) -> dict[str, Any]:
        tracking = self.store.tracking(fact.kind)
        document = template_input(
            fact,
            record,
            identity,
            door=door,
            root=tracking.root,
            trigger=tracking.trigger,
            custom=self.store.traits.custom,
            first_order=first_order,
            consent=self.store.consent.of(record.subject.consent),
        )
        if fact.link is not None:
            name = {"identify": "anonymousId", "alias": "previousId"}[fact.link.how]
            document["commerce"]["identity"] |= {name: fact.link.id, "link": fact.link.how}
        return document

    def _lacks_consent(self, document: Input, destination: str) -> bool:
        said = document["commerce"]["context"].get("consent")
        needed = self.receivers[destination].needs_consent
        return lacks_consent(needed, said and said["categoryPreferences"])

    def call_of(self, fact: Fact, part: str, lane: int, rendering: Rendering, *destinations: str) -> Told:
        """The row for one call of a fact, and what is owed of it at these destinations."""
        event = event_id(self.store.namespace, fact, part)
        owed = [self.owed(rendering, part, event, name) for name in destinations]
        return Told(event, fact, part, lane, owed)

    def _run_of(self, rendering: Rendering, destination: str) -> str | None:
        run: str | None = rendering.document["commerce"]["event"].get("run")
        return run if self.receivers[destination].counts_runs else None

    def _identity_of(self, rendering: Rendering) -> Identity | None:
        """The policy's ids as kept with the input; None where the tracking leaves ids to its template."""
        ids = _ids(rendering)
        if self.store.tracking(rendering.kind).identity == "template" and "link" not in ids:
            return None
        return Identity(ids.get("userId"), ids.get("anonymousId"))

    def _checked(self, message: dict[str, Any], kept: bytes | None, destination: str, *, links: bool) -> Owed:
        message, _ = allowed(message, self.store.traits.custom)
        if message.get("type") == "identify" and not message.get("traits") and not links:
            return Owed(destination, Status.FILTERED, Reason.EMPTY)
        body = orjson.dumps(message)
        violation = self.receivers[destination].contracts.violation(message)
        if violation is not None:
            detail = f"{violation.path}: {violation.message}"[:500]
            return Owed(destination, Status.QUARANTINED, violation.reason, detail, body, kept)
        if len(body) > MAX_MESSAGE_BYTES:
            detail = f"{len(body):,} bytes; {MAX_MESSAGE_BYTES:,} are allowed"
            return Owed(destination, Status.QUARANTINED, "too_large", detail, body, kept)
        return Owed(destination, Status.PENDING, None, None, body, kept)


def _ids(rendering: Rendering) -> Mapping[str, Any]:
    ids: Mapping[str, Any] = rendering.document["commerce"]["identity"]
    return ids


def _joining(commerce: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The call that joins another id to a person's; no template has a say in it."""
    context = {"context": commerce["context"]} if commerce["context"] else {}
    match commerce["identity"].get("link"):
        case "identify":
            return {"type": "identify", "traits": {}, **context}
        case "alias":
            return {"type": "alias", "previousId": commerce["identity"]["previousId"], **context}
    return None
