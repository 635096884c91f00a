"""What does an order cost on its whole way from the store to Segment, and where?

Both stand-ins answer at once, from a process of their own that shares the machine's cores, so the wall
times flatter nobody. CPU is this process's alone: everything we do for a message, and nothing of theirs.
First capture and deliver as they are; then the same way once more, stage by stage.
"""

import resource
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from benchmarks.rig.databases import DATABASES
from benchmarks.rig.orders import RULES
from benchmarks.rig.stages import Stages
from benchmarks.rig.stand_ins import stand_ins
from benchmarks.tables import show
from commerce_events.airflow.wall import clock, now
from commerce_events.config import Store, settings_of
from commerce_events.contracts.contracts import Contracts
from commerce_events.destinations.destination import Destination
from commerce_events.destinations.segment import SegmentClient
from commerce_events.domain.facts import Kind
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.segment import DEFAULT_KEY
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathClient, ElasticPathSource
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.deliver import deliver
from commerce_events.steps.render import Receiver, Renderer
from commerce_events.steps.store import OpenStore
from commerce_events.templates.library import Templates

ORDERS, LINES = 2_000, 5
MESSAGES = 2 * ORDERS  # each was placed and paid
INCLUDE = Path(__file__).parents[1] / "include"
STORE = {
    "namespace": "0f2c6a53-8a2b-4c63-b0a8-5a8f0c1d2e3f",
    "start": "2020-01-01T00:00:00Z",
    "people": [],
    "transactions": "never",  # one request for each paid order would measure the stand-in
}


def main() -> None:
    whole, parts = [], []
    for database, opened in DATABASES.items():
        with opened() as ledger, stand_ins(ORDERS, LINES) as (shop, segment):
            whole += as_it_is(database, ledger, shop, segment)
        with opened() as ledger, stand_ins(ORDERS, LINES) as (shop, segment):
            parts += by_stage(database, ledger, shop, segment)
    title = f"{ORDERS:,} orders of {LINES} lines, {MESSAGES:,} messages"
    show("whole_path", f"{title}: capture, then deliver", whole)
    show("stages", f"{title}: stage by stage", parts)


def as_it_is(database: str, ledger: Ledger, shop: str, segment: str) -> list[dict[str, Any]]:
    store, destination = open_store(ledger, shop), open_segment(segment)
    store.renderer.templates.engines  # noqa: B018 - trials of the fast engine are made once, not for each message
    before = peak()
    captured = timed(lambda: capture_changes(store, "orders"))
    sent = timed(lambda: deliver(ledger, [destination], budget=timedelta(minutes=10), clock=clock()))
    taken = requests.get(f"{segment}/_sandbox/stats", timeout=60).json()["segment"]["unique"]
    if taken != MESSAGES:
        raise SystemExit(f"{database}: {taken:,} of {MESSAGES:,} messages arrived")
    both = {"capture": captured, "deliver": sent, "both": (captured[0] + sent[0], captured[1] + sent[1])}
    return [
        {
            "step": f"{step}, {database}",
            "CPU us/message": cpu / MESSAGES * 1e6,
            "wall us/message": wall / MESSAGES * 1e6,
            "orders/s": ORDERS / wall,
            "peak memory, MB": peak(),
            "of which before": before,
        }
        for step, (wall, cpu) in both.items()
    ]


def by_stage(database: str, ledger: Ledger, shop: str, segment: str) -> list[dict[str, Any]]:
    stages = Stages(open_store(ledger, shop), client(shop), RULES, open_segment(segment))
    stages.run()
    if stages.accepted != MESSAGES:
        raise SystemExit(f"{database}: {stages.accepted:,} of {MESSAGES:,} messages were accepted")
    seconds = {**stages.seconds, "all stages": sum(stages.seconds.values())}
    return [
        {
            "stage": f"{stage}, {database}",
            "CPU us/message": cpu / MESSAGES * 1e6,
            "share": f"{cpu / seconds['all stages']:.0%}",
        }
        for stage, cpu in seconds.items()
    ]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def peak() -> float:
    """The most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def client(url: str) -> ElasticPathClient:
    return ElasticPathClient(
        requests.Session(),
        url,
        ElasticPathStandIn.client_id,
        ElasticPathStandIn.client_secret,
        requests_per_second=100_000,
    )


def open_store(ledger: Ledger, url: str) -> OpenStore:
    settings: Store = settings_of({"stores": {"main": STORE}}).stores["main"]
    templates = Templates.load(INCLUDE / "templates", [settings.tracking(kind).template for kind in Kind])
    receivers = {"segment": Receiver(Contracts.load(INCLUDE / "contracts" / "segment"))}
    renderer = Renderer(settings, templates, receivers, b"key")
    return OpenStore(settings, ElasticPathSource(client(url), RULES), ledger, renderer, now)


def open_segment(url: str) -> Destination:
    segment = SegmentClient(requests.Session(), f"{url}/v1/batch", DEFAULT_KEY)
    return Destination("segment", segment, 1_000_000.0, timedelta(hours=72))


if __name__ == "__main__":
    main()
