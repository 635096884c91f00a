"""Ours, with its ledger: every message is recorded, claimed, sent and settled. Not counted: rendering."""

import gc
import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import requests

from benchmarks.rig.databases import DATABASES
from benchmarks.rig.orders import PLACED, paid_orders, records
from commerce_events.airflow.wall import clock
from commerce_events.destinations.destination import Destination
from commerce_events.destinations.segment import SegmentClient
from commerce_events.domain.deliveries import Door, Status
from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.ids import lane_of
from commerce_events.domain.records import Record
from commerce_events.domain.states import State
from commerce_events.ledger.entries import Entry, Owed, Told
from commerce_events.steps.deliver import deliver

PAGE = 100


def main() -> None:
    path, url, database = sys.argv[1:]
    bodies = Path(path).read_bytes().splitlines()
    orders = records(paid_orders(len(bodies), 1))
    entries = [entry(order, body) for order, body in zip(orders, bodies, strict=True)]
    segment = SegmentClient(requests.Session(), f"{url}/v1/batch", "sandbox-write-key")
    destination = Destination("segment", segment, 1_000_000.0, timedelta(hours=72))
    with DATABASES[database]() as ledger:
        gc.freeze()  # what is only held for the benchmark is not the sender's to look through
        times = clock()
        wall, cpu = time.perf_counter(), time.process_time()
        for at in range(0, len(entries), PAGE):
            page = entries[at : at + PAGE]
            ledger.records.record(page, door=Door.POLL, now=times.now(), run=None, step=None)
        recorded = time.process_time() - cpu
        deliver(ledger, [destination], budget=timedelta(minutes=5), clock=times)
        print(
            json.dumps(
                {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "recording": recorded}
            )
        )


def entry(order: Record, body: bytes) -> Entry:
    message = json.loads(body)
    state = State(order.updated_at, order.digest, 0, {})
    fact = Fact("main", "orders", order.id, Kind.ORDER_COMPLETED, PLACED)
    owed = Owed("segment", Status.PENDING, None, None, body)
    told = Told(UUID(message["messageId"]), fact, "", lane_of(message["userId"]), [owed])
    return Entry(order, None, state, message["userId"], [told])


if __name__ == "__main__":
    main()
