"""Split what grows, on Postgres: bodies and batches by month, records, facts and deliveries by hash.

Months are dropped whole, which costs the same however much is in them. The others stay for ever; four parts
keep each index, and each run of VACUUM, at a quarter. Their unique keys hold no time: a month in one of them
would let the same fact in twice.

A ledger that is in use is copied table by table in this one transaction, and nobody can use it meanwhile. The
disk must hold the largest table a second time.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from alembic import op
from sqlalchemy import text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PARTS = 4
MONTHS_AHEAD = 3
HASHED = {
    "record": ("record_id", "store, stream, record_id"),
    "fact": ("event_id", "event_id"),
    "delivery": ("event_id", "event_id, destination"),
}
MONTHLY = {"payload": "event_id, destination, month", "batch": "id, sent_at"}
PLAIN = {"payload": "event_id, destination", "batch": "id"} | {name: key for name, (_, key) in HASHED.items()}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    views = _without_views()
    for table, (column, key) in HASHED.items():
        parts = [f"{table}_{n} FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {n})" for n in range(PARTS)]
        _rebuild(table, key, f"PARTITION BY HASH ({column})", parts)
    _rebuild("payload", MONTHLY["payload"], "PARTITION BY LIST (month)", list(_payload_months()))
    _rebuild("batch", MONTHLY["batch"], "PARTITION BY RANGE (sent_at)", list(_batch_months()))
    _with_views(views)


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    views = _without_views()
    for table, key in PLAIN.items():
        _rebuild(table, key, "", [])
    _with_views(views)


def _rebuild(table: str, key: str, split: str, parts: list[str]) -> None:
    """The same rows and indexes in a table that is split otherwise."""
    indexes = _indexes(table)
    op.execute(f"CREATE TABLE {table}_new (LIKE {table} INCLUDING DEFAULTS) {split}")
    for part in parts:
        name, bounds = part.split(" ", 1)
        op.execute(f"CREATE TABLE {name} PARTITION OF {table}_new {bounds}")
    op.execute(f"INSERT INTO {table}_new SELECT * FROM {table}")
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {table}_new RENAME TO {table}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY ({key})")
    for name, definition in indexes:
        _index(table, name, definition, [part.split(" ")[0] for part in parts])
    op.execute(f"ANALYZE {table}")


def _index(table: str, name: str, definition: str, parts: list[str]) -> None:
    """Named after the whole one in each part, so that plans can be read."""
    head, tail = re.split(rf" ON (?:ONLY )?\S*\b{table} ", definition, maxsplit=1)
    op.execute(f"{head} ON {'ONLY ' if parts else ''}{table} {tail}")
    for part in parts:
        own = f"{name}{part.removeprefix(table)}"
        op.execute(f"CREATE INDEX {own} ON {part} {tail}")
        op.execute(f"ALTER INDEX {name} ATTACH PARTITION {own}")


def _indexes(table: str) -> list[tuple[str, str]]:
    found = text(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() "
        "AND tablename = :table AND indexname NOT LIKE '%_pkey' ORDER BY 1"
    )
    return [(row[0], row[1]) for row in op.get_bind().execute(found, {"table": table})]


def _without_views() -> list[tuple[str, str]]:
    """Views hold on to their tables, and are made anew."""
    found = text(
        "SELECT viewname, definition FROM pg_views WHERE schemaname = current_schema() "
        "AND viewname LIKE 'v\\_%' ORDER BY 1"
    )
    views = [(row[0], row[1]) for row in op.get_bind().execute(found)]
    for name, _ in views:
        op.execute(f"DROP VIEW {name}")
    return views


def _with_views(views: list[tuple[str, str]]) -> None:
    for name, definition in views:
        op.execute(f"CREATE VIEW {name} AS {definition}")


def _payload_months() -> Iterator[str]:
    for month in _months("SELECT min(month) FROM payload WHERE month > 197000"):
        yield f"payload_{month} FOR VALUES IN ({month})"
    yield "payload_default DEFAULT"


def _batch_months() -> Iterator[str]:
    first = (
        "SELECT to_char(to_timestamp(min(sent_at) / 1000000.0) AT TIME ZONE 'UTC', 'YYYYMM')::int FROM batch"
    )
    for month in _months(first):
        yield f"batch_{month} FOR VALUES FROM ({_begins(month)}) TO ({_begins(_after(month))})"
    yield "batch_default DEFAULT"


def _months(first: str) -> Iterator[int]:
    now = datetime.now(UTC)
    month = current = now.year * 100 + now.month
    found = op.get_bind().execute(text(first)).scalar()
    month = min(current, found or current)
    last = current
    for _ in range(MONTHS_AHEAD):
        last = _after(last)
    while month <= last:
        yield month
        month = _after(month)


def _after(month: int) -> int:
    return month + 1 if month % 100 < 12 else month + 89


def _begins(month: int) -> int:
    return int(datetime(month // 100, month % 100, 1, tzinfo=UTC).timestamp()) * 1_000_000
