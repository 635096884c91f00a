"""The way of an order to an accepted message, taken apart: each stage does its work for a whole page.

The same functions as in capture and deliver, in the same order, without what holds them together.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from commerce_events.destinations.destination import Destination
from commerce_events.domain.batches import pack
from commerce_events.domain.deliveries import Door
from commerce_events.domain.ids import event_id, lane_of
from commerce_events.domain.lifecycle import judge
from commerce_events.domain.records import Record
from commerce_events.ledger.entries import Entry, Told
from commerce_events.ledger.outbox import Request
from commerce_events.sources.elasticpath import ElasticPathClient
from commerce_events.sources.elasticpath.paging import LIMITS, Portion
from commerce_events.sources.elasticpath.span import Span
from commerce_events.sources.elasticpath.streams import streams
from commerce_events.sources.source import Rules
from commerce_events.steps.background import background, trace_of
from commerce_events.steps.render import Rendering
from commerce_events.steps.store import OpenStore
from commerce_events.templates.view import template_input


class Stages:
    """`seconds` of CPU by stage, once `run` is through; `accepted` messages."""

    def __init__(
        self, store: OpenStore, client: ElasticPathClient, rules: Rules, segment: Destination
    ) -> None:
        self._store, self._segment = store, segment
        self._stream = streams(client, rules)["orders"]
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.accepted = 0

    def run(self) -> None:
        span = Span.changed_since(self._store.settings.start)
        portions = self._stream.portions(span, None, LIMITS)
        while portion := self._timed("fetch (HTTP, JSON)", lambda: next(portions, None)):
            self._capture(portion)
        messages = self._timed("claim (ledger)", self._claim)
        batches = self._timed("pack", lambda: [*pack(messages, self._segment.client.limits)])
        for batch in batches:
            request = self._timed("begin (ledger)", partial(self._begin, batch))
            self._timed("send (gzip, HTTP)", partial(self._send, request))
            self._timed("settle (ledger)", partial(self._accept, request))

    def _capture(self, portion: Portion) -> None:
        """One page, up to its rows in the ledger."""
        records = self._timed("parse (records)", lambda: self._parse(portion))
        known = self._timed("look up (ledger)", lambda: self._look_up(records))
        judged = self._timed("judge", lambda: [(each, *self._judge(each)) for each in records])
        given = self._timed("template input", lambda: self._inputs(judged))
        rendered = self._timed("render", lambda: [self._render(*each) for each in given])
        told = self._timed("contract, serialise", lambda: [self._check(*each) for each in rendered])
        entries = self._entries(judged, told, known)
        self._timed("record (ledger)", lambda: self._record(entries))

    def _timed(self, stage: str, work: Callable[[], Any]) -> Any:
        begun = time.process_time()
        done = work()
        self.seconds[stage] += time.process_time() - begun
        return done

    def _parse(self, portion: Portion) -> list[Record]:
        return [self._read(row.document, portion.items) for row in portion.rows]

    def _read(self, document: Any, included: Mapping[str, Any]) -> Record:
        items = self._stream.items(document, included)
        return self._stream.complete(self._stream.record(document, items))

    def _look_up(self, records: Sequence[Record]) -> list[Any]:
        seen = self._store.ledger.records.states("main", "orders", [each.id for each in records])
        known = background(self._store, records, seen)
        return [trace_of(self._store, each, known) for each in records]

    def _judge(self, record: Record) -> tuple[Any, Any]:
        identity = self._store.renderer.identity(record)
        return judge(record, None, self._store.settings.lifecycle_policy()), identity

    def _inputs(self, judged: Sequence[Any]) -> list[Any]:
        return [
            (fact, template_input(fact, record, identity, door="poll", first_order=None))
            for record, judgement, identity in judged
            for fact in judgement.facts
        ]

    def _render(self, fact: Any, document: Any) -> tuple[Any, Rendering]:
        return fact, self._store.renderer.render(fact.kind, fact.occurred_at, document)

    def _check(self, fact: Any, rendering: Rendering) -> Told:
        event = event_id(self._store.settings.namespace, fact)
        owed = self._store.renderer.owed(rendering, "", event, "segment")
        return Told(event, fact, "", lane_of(fact.record_id), [owed])

    @staticmethod
    def _entries(judged: Sequence[Any], told: Sequence[Told], traces: Sequence[Any]) -> list[Entry]:
        waiting = iter(told)
        return [
            Entry(
                record,
                None,
                judgement.state,
                identity.person,
                [next(waiting) for _ in judgement.facts],
                trace=trace,
            )
            for (record, judgement, identity), trace in zip(judged, traces, strict=True)
        ]

    def _record(self, entries: Sequence[Entry]) -> None:
        now = self._store.clock()
        self._store.ledger.records.record(entries, door=Door.POLL, now=now, run=None, step=None)

    def _claim(self) -> list[Any]:
        lanes = self._store.ledger.lanes
        lanes.prepare("segment")
        self._claimed = lanes.claim("segment", self._store.clock(), lanes=256, per_lane=100_000)
        return list(self._claimed.messages)

    def _begin(self, batch: Sequence[Any]) -> Request:
        request = self._store.ledger.outbox.begin(self._claimed, batch, 1, self._store.clock())
        if request is None:
            raise RuntimeError("the lease was lost; is the machine very slow?")
        return request

    def _send(self, request: Request) -> None:
        bodies = [message.body for message in request.messages]
        self._segment.client.send(bodies, sent_at=self._store.clock(), retries=0)

    def _accept(self, request: Request) -> None:
        if self._store.ledger.outbox.accept(request, self._store.clock() + timedelta(seconds=1)):
            self.accepted += len(request.messages)
