"""How fast does a backfill go, and what changes when the store is slow, or the past is long?

A real plan, cut into windows; one process more than there are cores captures them, then one for each core
delivers. Both stand-ins run in processes of their own and answer at once or after a while, on the same cores.
The ledger is on Postgres, both rates are raised, and the policy on transactions is named: "all" costs a
request for each paid order. Sizes: BACKFILL_ORDERS, and a multiple of it, BACKFILL_TIMES, in the environment;
BACKFILL_LONG=1 leaves it at these two, for a past so long that the rest would take all day.
"""

import os
from collections.abc import Iterator
from typing import Any

from benchmarks.rig.databases import postgres
from benchmarks.rig.long_store import end_of, long_store
from benchmarks.rig.orders import PLACED
from benchmarks.rig.past import Place, Worker, captured, delivered, planned
from benchmarks.rig.sink import arrived, sink
from benchmarks.tables import show

ORDERS = int(os.environ.get("BACKFILL_ORDERS", "10000"))
TIMES = int(os.environ.get("BACKFILL_TIMES", "20"))
LONG = bool(os.environ.get("BACKFILL_LONG"))
LINES = 5
LATENCY = 0.05
SENDERS = os.cpu_count() or 1
READERS = SENDERS + 1  # as `backfill apply` has by itself: while one waits for the disk, another works
WINDOWS = 8  # at least: enough to keep all workers busy to the end


def main() -> None:
    rows = list(speeds())
    show(
        "backfill",
        f"orders of {LINES} lines, two messages each, {READERS} processes read and {SENDERS} send",
        rows,
    )


def speeds() -> Iterator[dict[str, Any]]:
    for transactions in ("never",) if LONG else ("never", "all"):
        base = measured(ORDERS, 0.0, transactions)
        yield {**base, "throughput x": 1.0, "time x": 1.0, "memory x": 1.0}
        if not LONG:
            yield beside(base, measured(ORDERS, LATENCY, transactions))
        if transactions == "never":
            yield beside(base, measured(ORDERS * TIMES, 0.0, transactions))


def measured(orders: int, latency: float, transactions: str) -> dict[str, Any]:
    with postgres() as ledger, long_store(orders, LINES, latency) as shop, sink(0.0) as segment:
        place = Place(ledger.engine.url, shop, segment, transactions)
        plan = planned(place, PLACED, end_of(orders), window=max(1, min(5_000, orders // WINDOWS)))
        read, readers = captured(place, plan, READERS)
        sent, senders = delivered(place, SENDERS)
        came = arrived(segment)
    if came != 2 * orders:
        raise SystemExit(f"{came:,} of {2 * orders:,} messages arrived")
    return {
        "backfill": f"{orders:,} orders, {transactions}, {latency * 1000:.0f} ms",
        "capture orders/s": orders / read,
        "deliver orders/s": orders / sent,
        "orders/s": orders / (read + sent),
        "capture CPU us/order": cpu(readers) / orders * 1e6,
        "deliver CPU us/order": cpu(senders) / orders * 1e6,
        "peak memory, MB": max(worker.peak for worker in (*readers, *senders)),
    }


def beside(base: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "throughput x": row["orders/s"] / base["orders/s"],
        "time x": _orders(row) / row["orders/s"] / (_orders(base) / base["orders/s"]),
        "memory x": row["peak memory, MB"] / base["peak memory, MB"],
    }


def cpu(workers: list[Worker]) -> float:
    return sum(worker.cpu for worker in workers)


def _orders(row: dict[str, Any]) -> int:
    return int(row["backfill"].split()[0].replace(",", ""))


if __name__ == "__main__":
    main()
