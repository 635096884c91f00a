"""What does it cost to know that the ledger agrees with the store?

So many orders of thirty days that agree, each placed and paid. The store counts and answers at once; requests
are what a real store would be asked, seconds are ours and the database's. More are compared when asked for:
RECONCILE_ORDERS=1000000
"""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from benchmarks.rig.counting_store import CountingStore
from benchmarks.rig.databases import DATABASES
from benchmarks.rig.fillings import NUMBERS
from benchmarks.rig.processes import spent
from benchmarks.tables import show
from benchmarks.whole_path import open_store
from commerce_events.domain.moments import micros
from commerce_events.domain.states import State, short_hash
from commerce_events.ledger.database import is_postgres
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.records import encode
from commerce_events.steps.reconcile import reconcile

ASKED = "RECONCILE_ORDERS"
ORDERS = 100_000
DAYS = 30
END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
START = END - timedelta(days=DAYS)
EVENT = {"postgresql": "md5('{kind}' || n)::uuid", "sqlite": "randomblob(16)"}
KINDS = ("checkout_started", "order_completed")
FACTS = (
    "CREATE TEMPORARY TABLE told AS SELECT n, {id} AS id FROM ({numbers}) AS numbers",
    "INSERT INTO fact SELECT id, 'main', 'orders', 'order-' || n, '{kind}', '', '', 0,"
    " {at}, {at}, 'poll', NULL FROM told",
    "INSERT INTO delivery (event_id, destination, lane, priority, seq, status, attempts, maybe_sent,"
    " recorded_at, settled_at) SELECT id, 'segment', n % 256, 0, n, 'accepted', 1, 1, {at}, {at} FROM told",
    "DROP TABLE told",
)
RECORDS = (
    "INSERT INTO record SELECT 'main', 'orders', 'order-' || n, 1, {at}, :state, {hash}, 1, NULL, {at}, {no}"
    " FROM ({numbers}) AS numbers"
)
WATERMARK = "INSERT INTO stream VALUES ('main', 'orders', {now}, 0, {yes})"


def main() -> None:
    rows: list[dict[str, Any]] = []
    for orders in map(int, os.environ.get(ASKED, str(ORDERS)).split()):
        for name, database in DATABASES.items():
            with database() as ledger:
                fill(ledger, orders)
                rows.append(measure(name, ledger, orders))
    show("reconcile", f"Orders of {DAYS} days that agree", rows)


def measure(name: str, ledger: Ledger, orders: int) -> dict[str, Any]:
    with CountingStore(orders, START, every(orders)) as shop:
        store = open_store(ledger, shop.url)
        begun = spent(ledger)
        outcome = reconcile(store, "orders", START, END)
        cost = spent(ledger) - begun
        asked = shop.requests.counts["GET /v2/orders"]
    if outcome["records"] != orders or outcome["open"] or outcome["healed"]:
        raise SystemExit(f"{name}: {dict(outcome)} of {orders:,} orders")
    return {
        "ledger": name,
        "orders": f"{orders:,}",
        "requests to the store": asked,
        "seconds": cost.wall,
        "CPU, seconds": cost.cpu,
        "database's CPU": "within" if cost.database is None else cost.database,
    }


def every(orders: int) -> int:
    return DAYS * 86_400_000_000 // orders


def fill(ledger: Ledger, orders: int) -> None:
    """The database makes it up by itself: rows as captures would have left them."""
    watched = {"payment": short_hash("paid"), "status": short_hash("complete")}
    state = encode(State(START, b"", 0, watched, frozenset(KINDS)))
    with ledger.engine.begin() as connection:
        known, name = is_postgres(connection), connection.dialect.name
        parts = {
            "at": f"{micros(START)} + CAST(n - 1 AS BIGINT) * {every(orders)}",
            "numbers": NUMBERS[name].format(first=1, last=orders),
            "hash": "''::bytea" if known else "x''",
            "no": "false" if known else "0",
        }
        for kind in KINDS:
            for statement in FACTS:
                told = EVENT[name].format(kind=kind)
                connection.execute(text(statement.format(id=told, kind=kind, **parts)))
        connection.execute(text(RECORDS.format(**parts)), {"state": state})
        now = micros(datetime.now(UTC))
        connection.execute(text(WATERMARK.format(now=now, yes="true" if known else "1")))
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


if __name__ == "__main__":
    main()
