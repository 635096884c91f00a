"""How fast do events become messages, and how many webhooks does the door take?

The door twice, in uvicorn alone and inside Airflow's API server, each with one worker and Postgres. Then a
whole Airflow with its stand-ins on this machine: from a webhook that was taken in to the receiver's answer,
beside the floor of Airflow itself, which is the same bell and a task that does nothing. Last a burst, after
which every message must have arrived.
"""

import gzip
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Lock
from typing import Any

import orjson
import psutil
from sqlalchemy import func, select

from benchmarks.rig.databases import postgres
from benchmarks.rig.door_server import SECRET as ALONE
from benchmarks.rig.door_server import door_server
from benchmarks.rig.event_airflow import FLOOR, INGEST, SECRET, EventAirflow, event_airflow, wait_until
from benchmarks.rig.knocking import Knocks, knock
from benchmarks.rig.orders import paid_orders
from benchmarks.rig.webhooks import bodies, size, told_of
from benchmarks.tables import show
from commerce_events.ledger.tables import inbox
from commerce_events.sandbox.run import Sandbox
from commerce_events.sandbox.wire import Request

WARM = 200
RATE, SECONDS = 500, 12
FLAT_OUT = 4_000
LINES = 5
EVENTS = 12
QUIET, BUSY = (
    20.0,
    4.0,
)  # seconds between two events: a run of ingest_events stays for ten, in case more comes
BURST_ORDERS = 2_500
BURST = 4 * BURST_ORDERS
OBSERVED = ("order.created",)


def main() -> None:
    made = bodies(WARM + RATE * SECONDS + FLAT_OUT, LINES)
    doors = alone(made)
    with Sandbox(orders=0, seed=1) as sandbox, event_airflow(sandbox) as airflow:
        doors += inside(airflow, made)
        show("events_door", f"Webhooks of {size(made):.1f} KB at the door, Postgres", doors)
        show("events_latency", f"{EVENTS} events each: seconds", latencies(sandbox, airflow))
        show(
            "events_burst",
            f"A burst of {BURST:,} webhooks about {BURST_ORDERS:,} orders",
            burst(sandbox, airflow),
        )


def alone(made: Sequence[bytes]) -> list[dict[str, Any]]:
    with postgres() as ledger, door_server(ledger) as (url, process):
        return door("uvicorn alone, one core", url, ALONE, process, made)


def inside(airflow: EventAirflow, made: Sequence[bytes]) -> list[dict[str, Any]]:
    airflow.only(None)
    return door("in Airflow's API server", airflow.door, SECRET, _listening(airflow.local.url), made)


def door(
    where: str, url: str, secret: str, process: psutil.Process, made: Sequence[bytes]
) -> list[dict[str, Any]]:
    knock(url, secret, made[:WARM])  # what is looked up and imported by the first requests
    steady, flat_out = made[WARM : WARM + RATE * SECONDS], made[WARM + RATE * SECONDS :]
    return [
        _row(f"{where}: {RATE} a second", process, lambda: knock(url, secret, steady, per_second=RATE)),
        _row(f"{where}: flat out", process, lambda: knock(url, secret, flat_out)),
    ]


def _row(what: str, process: psutil.Process, work: Callable[[], Knocks]) -> dict[str, Any]:
    before = _spent(process)
    knocks = work()
    cpu = _spent(process) - before
    count = len(knocks.waits)
    if knocks.statuses[202] != count:
        raise SystemExit(f"{what}: {dict(knocks.statuses)}")
    return {
        "door": what,
        "requests/s": count / knocks.seconds,
        "p50 ms": knocks.percentile(0.5),
        "p99 ms": knocks.percentile(0.99),
        "longest ms": max(knocks.waits) * 1_000,
        "answered 503": knocks.statuses[503],
        "CPU us/request": cpu / count * 1e6,
        "load": os.getloadavg()[0],
    }


def _spent(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _listening(url: str) -> psutil.Process:
    """The API server's worker."""
    port = int(url.rpartition(":")[2])
    for one in psutil.net_connections("tcp"):
        if one.status == psutil.CONN_LISTEN and one.laddr.port == port and one.pid:
            return psutil.Process(one.pid)
    raise SystemExit(f"nobody listens on {port}")


def latencies(sandbox: Sandbox, airflow: EventAirflow) -> list[dict[str, Any]]:
    """Taken in: as the door wrote it down. Accepted: as Segment's stand-in saw it come."""
    sandbox.store.integrations.webhook(airflow.door, SECRET, *OBSERVED)
    accepted = _Accepted(sandbox)
    airflow.only(FLOOR)
    floor = [_floor(airflow, order) for order in _orders(sandbox, BUSY)]
    airflow.only(INGEST)
    busy = [_ours(airflow, accepted, order) for order in _orders(sandbox, BUSY)]
    time.sleep(QUIET)
    quiet = [_ours(airflow, accepted, order) for order in _orders(sandbox, QUIET)]
    rows = {
        "an empty task's first line": _spread(floor),
        f"acceptance, an event every {QUIET:.0f} s": _spread(quiet),
        f"acceptance, an event every {BUSY:.0f} s": _spread(busy),
    }
    first, second = _spread(floor), _spread(quiet)
    above = {name: second[name] - first[name] for name in ("p50", "p95", "longest")}
    rows["the quiet shop above the floor"] = {**above, "load": os.getloadavg()[0]}
    return [{"from the webhook taken in to": name, **row} for name, row in rows.items()]


def _orders(sandbox: Sandbox, pause: float) -> Iterator[str]:
    for _ in range(EVENTS):
        yield sandbox.store.place_order(buyer="guest")
        time.sleep(pause)


def _floor(airflow: EventAirflow, order: str) -> float:
    taken = _taken(airflow, order)
    wait_until(lambda: _begun(airflow) > taken, timedelta(minutes=1), "the floor does not begin")
    return min(each for each in map(float, airflow.floor_file.read_text().split()) if each > taken) - taken


def _begun(airflow: EventAirflow) -> float:
    return max(map(float, airflow.floor_file.read_text().split()), default=0.0)


def _ours(airflow: EventAirflow, accepted: "_Accepted", order: str) -> float:
    wait_until(lambda: order in accepted.orders, timedelta(minutes=1), "a message does not arrive")
    return accepted.orders[order] - _taken(airflow, order)


def _taken(airflow: EventAirflow, order: str) -> float:
    """When the first hint about an order came."""
    found = select(func.min(inbox.c.received_at)).where(inbox.c.record_id == order)
    wait_until(lambda: _asked(airflow, found) is not None, timedelta(seconds=30), "a webhook does not arrive")
    return int(_asked(airflow, found)) / 1e6


def _asked(airflow: EventAirflow, question: Any) -> Any:
    with airflow.ledger.engine.connect() as connection:
        return connection.scalar(question)


class _Accepted:
    """When each order was first told of, by Segment's stand-in."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.orders: dict[str, float] = {}
        self._lock = Lock()
        sandbox.segment.on_request(self._look)

    def _look(self, request: Request) -> None:
        now = time.time()
        packed = request.headers.get("content-encoding") == "gzip"
        for message in orjson.loads(gzip.decompress(request.body) if packed else request.body)["batch"]:
            order = message.get("properties", {}).get("order_id")
            if order:
                with self._lock:
                    self.orders.setdefault(str(order), now)


def _spread(seconds: Sequence[float]) -> dict[str, Any]:
    ordered = sorted(seconds)
    return {
        "p50": ordered[len(ordered) // 2],
        "p95": ordered[int(len(ordered) * 0.95)],
        "longest": ordered[-1],
        "load": os.getloadavg()[0],
    }


def burst(sandbox: Sandbox, airflow: EventAirflow) -> list[dict[str, Any]]:
    airflow.only(INGEST)
    held = paid_orders(BURST_ORDERS, LINES, seed=2)
    for one in held:
        sandbox.store.put_raw(one.document, one.items, one.transactions)
    told = list(told_of(held))
    runs, begun = airflow.runs(INGEST), time.monotonic()
    knocks = knock(airflow.door, SECRET, told)
    wanted = 2 * BURST_ORDERS
    wait_until(lambda: _arrived(sandbox, held) == wanted, timedelta(minutes=10), "messages were lost")
    took = time.monotonic() - begun
    wait_until(lambda: airflow.ledger.inbox.count()[0] == 0, timedelta(minutes=2), "hints are left")
    return [
        {
            "webhooks": BURST,
            "taken in, s": knocks.seconds,
            "a second": BURST / knocks.seconds,
            "p99 ms": knocks.percentile(0.99),
            "answered 503": knocks.statuses[503],
            "all accepted after, s": took,
            "messages": _arrived(sandbox, held),
            "lost": wanted - _arrived(sandbox, held),
            "DAG runs": airflow.runs(INGEST) - runs,
            "load": os.getloadavg()[0],
        }
    ]


def _arrived(sandbox: Sandbox, held: Sequence[Any]) -> int:
    ids = {one.id for one in held}
    found = sandbox.segment.unique().values()
    return sum(message.get("properties", {}).get("order_id") in ids for message in found)


if __name__ == "__main__":
    main()
