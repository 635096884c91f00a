"""The whole way from a store to Segment, without Airflow: both stand-ins, a ledger, and the steps between."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests

from commerce_events.config import Settings, settings_of
from commerce_events.contracts.contracts import Contracts
from commerce_events.destinations.destination import Client, Destination
from commerce_events.destinations.segment import SegmentClient
from commerce_events.domain import batches
from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Plan
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.segment import DEFAULT_KEY, SegmentStandIn
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathClient, ElasticPathSource
from commerce_events.sources.elasticpath.paging import LIMITS, Limits
from commerce_events.sources.source import Rules
from commerce_events.steps.backfill import capture_window
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.clock import Clock
from commerce_events.steps.deliver import deliver
from commerce_events.steps.ingest import ingest
from commerce_events.steps.render import Receiver, Renderer
from commerce_events.steps.store import OpenStore
from commerce_events.templates.library import Templates

INCLUDE = Path(__file__).parents[1] / "include"
NAMESPACE = UUID("0f2c6a53-8a2b-4c63-b0a8-5a8f0c1d2e3f")
SETTINGS: dict[str, Any] = {
    "stores": {
        "main": {
            "namespace": str(NAMESPACE),
            "start": "2020-01-01T00:00:00Z",
            "identity": {"anonymous_id_field": "custom_attributes.session_id"},
            "lines": {"shipping_skus": ["__shipping_*"]},
            "people": [],
        }
    }
}


class LeapingClock:
    """The wall clock, except that sleeping takes no time: whoever sleeps finds the clock moved on."""

    def __init__(self) -> None:
        self._leapt = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._leapt)

    def passed(self) -> float:
        return self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._leapt += seconds

    def clock(self) -> Clock:
        return Clock(self.now, self.passed, self.sleep)


@dataclass(frozen=True)
class InParcels:
    """A client that takes few messages at a time, so that a short run makes many requests."""

    client: Client
    messages: int

    @property
    def limits(self) -> batches.Limits:
        return replace(self.client.limits, batch_messages=self.messages)

    def send(self, bodies: Sequence[bytes], *, sent_at: datetime, retries: int) -> None:
        self.client.send(bodies, sent_at=sent_at, retries=retries)


@dataclass
class Pipeline:
    """Both ends and what is between. Every `run` opens store and destination anew, as a task does."""

    ledger: Ledger
    shop: ElasticPathStandIn
    segment: SegmentStandIn
    settings: Settings
    clock: LeapingClock = field(default_factory=LeapingClock)
    paging: Limits = LIMITS
    parcel: int = batches.MAX_BATCH_MESSAGES
    budget: timedelta = timedelta(minutes=30)
    run_id: str = "test-run"

    def store(self, name: str = "main") -> OpenStore:
        settings = self.settings.stores[name]
        templates = Templates.load(INCLUDE / "templates", [settings.tracking(kind).template for kind in Kind])
        contracts = INCLUDE / "contracts" / "segment"
        receivers = {
            each: Receiver(
                Contracts.load(contracts),
                self.settings.destinations[each].needs_consent,
                self.settings.destinations[each].is_shadow,
                self.settings.destinations[each].runs_in_app_version,
            )
            for each in settings.destinations
        }
        self.ledger.charter.accept_store(name, settings.namespace)
        renderer = Renderer(settings, templates, receivers, b"a key for tests", self.run_id)
        return OpenStore(settings, self.source(name), self.ledger, renderer, self.clock.now, self.run_id)

    def source(self, name: str = "main") -> ElasticPathSource:
        settings = self.settings.stores[name]
        client = ElasticPathClient(
            requests.Session(),
            self.shop.url,
            self.shop.client_id,
            self.shop.client_secret,
            requests_per_second=10_000,
            timeout=(5.0, 20.0),
            sleep=lambda _: None,
        )
        rules = Rules(
            store=name,
            shipping_skus=settings.lines.shipping_skus,
            tax_skus=settings.lines.tax_skus,
            anonymous_id_field=settings.identity.anonymous_id_field,
            customer_anonymous_id_field=settings.identity.customer_anonymous_id_field,
            consent_field=settings.consent.field,
            consent_category=settings.consent.category,
            test_filter=settings.test_filter,
            currencies=settings.currencies,
            payments_with_transactions=settings.payments_with_transactions(),
        )
        return ElasticPathSource(client, rules, self.paging)

    def destination(self, name: str = "segment", write_key: str = DEFAULT_KEY) -> Destination:
        client = SegmentClient(requests.Session(), f"{self.segment.url}/v1/batch", write_key)
        return Destination(name, InParcels(client, self.parcel), 100_000.0, timedelta(hours=72))

    def capture(self, name: str = "main") -> Counter[str]:
        return capture_changes(self.store(name), "orders")

    def deliver(self, budget: timedelta | None = None) -> Counter[str]:
        ends = [self.destination()]
        return deliver(self.ledger, ends, budget=budget or self.budget, clock=self.clock.clock())

    def backfill(self, plan: Plan | None = None) -> Counter[str]:
        """Go on with this plan, or with the latest."""
        plan = plan or self.ledger.plans.latest(1)[0]
        self.ledger.plans.begin(plan.id, self.clock.now())
        store = self.store()
        captured = (capture_window(store, plan, window.number) for window in plan.left)
        return sum(captured, Counter())

    def ingest(self) -> Counter[str]:
        stores = {name: partial(self.store, name) for name in self.settings.stores}
        ends = [self.destination()]
        return ingest(self.ledger, stores, ends, budget=self.budget, clock=self.clock.clock())

    def run(self) -> Counter[str]:
        return self.capture() + self.deliver()

    def messages(self, event: str | None = None) -> list[dict[str, Any]]:
        """What Segment holds, each message once."""
        found = self.segment.unique().values()
        return [message for message in found if event is None or message.get("event") == event]

    def statuses(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for line in self.ledger.reports.by_message():
            counts[line.status] += line.count
        return counts


def settings(**store: Any) -> Settings:
    """The settings above, with these keys of the store changed."""
    changed = {**SETTINGS["stores"]["main"], **store}
    return settings_of({**SETTINGS, "stores": {"main": changed}})


@contextmanager
def pipeline(ledger: Ledger, *, orders: int = 0, seed: int = 7, **store: Any) -> Iterator[Pipeline]:
    with ElasticPathStandIn(seed=seed, orders=orders) as shop, SegmentStandIn() as segment:
        yield Pipeline(ledger, shop, segment, settings(**store))


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    """A pipeline whose store is empty at first."""
    with pipeline(ledger) as empty:
        yield empty
