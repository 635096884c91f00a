"""A backfill at work: a plan, and processes that capture its windows and then deliver, as Airflow's would."""

import resource
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import URL

from benchmarks.rig.long_store import end_of
from commerce_events.airflow.wall import clock, now
from commerce_events.config import Store, settings_of
from commerce_events.contracts.contracts import Contracts
from commerce_events.destinations.destination import Destination
from commerce_events.destinations.segment import SegmentClient
from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Plan, Wish
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.segment import DEFAULT_KEY
from commerce_events.sources.elasticpath import ElasticPathClient, ElasticPathSource
from commerce_events.sources.source import Rules
from commerce_events.steps.backfill import capture_window
from commerce_events.steps.complete import AT_ONCE
from commerce_events.steps.deliver import deliver
from commerce_events.steps.estimate import Rates
from commerce_events.steps.plan import Sizes, draw_up
from commerce_events.steps.render import Receiver, Renderer
from commerce_events.steps.store import OpenStore
from commerce_events.templates.library import Templates

INCLUDE = Path(__file__).parents[2] / "include"
FAST = 1_000_000.0  # both rates are raised: what is measured is us
DONE = 0  # no window's number
SPAWN = get_context("spawn")


@dataclass(frozen=True, slots=True)
class Place:
    """What a process needs to begin."""

    ledger: URL
    shop: str
    segment: str
    transactions: str


@dataclass(frozen=True, slots=True)
class Worker:
    """Seconds of a worker's own processor time, and the most memory it held, in MB; `before` it began."""

    cpu: float
    peak: float
    before: float


def planned(place: Place, start: datetime, end: datetime, window: int) -> Plan:
    ledger = Ledger(open_engine(place.ledger))
    wish = Wish("main", ("orders",), start, end, tuple(Kind), "quiet", {"All": False}, fence_hours=0)
    plan = draw_up(open_store(place, ledger), wish, Rates(FAST, FAST), Sizes(window=window))
    ledger.plans.keep(plan)
    ledger.engine.dispose()
    return plan


def captured(place: Place, plan: Plan, workers: int) -> tuple[float, list[Worker]]:
    """Wall seconds from when all were ready, and what each of them took."""
    numbers: SimpleQueue[int] = SPAWN.SimpleQueue()
    for number in [window.number for window in plan.windows] + [DONE] * workers:
        numbers.put(number)
    return _run(_capture, place, workers, plan.id, numbers)


def delivered(place: Place, workers: int) -> tuple[float, list[Worker]]:
    return _run(_deliver, place, workers)


def _run(work: Any, place: Place, workers: int, *more: Any) -> tuple[float, list[Worker]]:
    ready, told = SPAWN.Barrier(workers + 1), SPAWN.SimpleQueue()
    processes = [SPAWN.Process(target=work, args=(place, ready, told, *more)) for _ in range(workers)]
    for process in processes:
        process.start()
    ready.wait()
    begun = time.perf_counter()
    found = [told.get() for _ in processes]
    wall = time.perf_counter() - begun
    for process in processes:
        process.join()
    return wall, found


def _capture(place: Place, ready: Any, told: Any, plan_id: str, numbers: Any) -> None:
    ledger = Ledger(open_engine(place.ledger))
    plan, store = ledger.plans.get(plan_id), open_store(place, ledger)
    if plan is None:
        raise SystemExit(f"no plan {plan_id}")
    store.renderer.templates.engines  # noqa: B018 - trials of the fast engine are made once
    before = peak()
    ready.wait()
    begun = time.process_time()
    while (number := numbers.get()) != DONE:
        capture_window(store, plan, number)
    told.put(Worker(time.process_time() - begun, peak(), before))


def _deliver(place: Place, ready: Any, told: Any) -> None:
    ledger = Ledger(open_engine(place.ledger))
    client = SegmentClient(_session(), f"{place.segment}/v1/batch", DEFAULT_KEY)
    end = Destination("segment", client, FAST, timedelta(hours=72))
    before = peak()
    ready.wait()
    begun = time.process_time()
    deliver(ledger, [end], budget=timedelta(hours=1), clock=clock())
    told.put(Worker(time.process_time() - begun, peak(), before))


def open_store(place: Place, ledger: Ledger) -> OpenStore:
    said = {
        "namespace": "0f2c6a53-8a2b-4c63-b0a8-5a8f0c1d2e3f",
        "start": end_of(0).isoformat(),
        "people": [],
        "transactions": place.transactions,
    }
    settings: Store = settings_of({"stores": {"main": said}}).stores["main"]
    rules = Rules("main", ("__shipping_*",), payments_with_transactions=settings.payments_with_transactions())
    client = ElasticPathClient(_session(), place.shop, "id", "secret", requests_per_second=FAST)
    templates = Templates.load(INCLUDE / "templates", [settings.tracking(kind).template for kind in Kind])
    receivers = {"segment": Receiver(Contracts.load(INCLUDE / "contracts" / "segment"))}
    renderer = Renderer(settings, templates, receivers, b"key")
    return OpenStore(settings, ElasticPathSource(client, rules), ledger, renderer, now)


def peak() -> float:
    """The most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _session() -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=AT_ONCE))
    return session
