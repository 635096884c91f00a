"""Filling a ledger with a past: facts told and accepted long ago, made by the database itself."""

from sqlalchemy import Engine, text

from commerce_events.ledger.database import is_postgres

# Two facts for each record, as of an order that was placed and paid.
NUMBERS = {
    "postgresql": "SELECT n FROM generate_series({first}, {last}) AS n",
    "sqlite": "WITH RECURSIVE up(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM up WHERE n < {last})"
    " SELECT n FROM up",
}
IDS = {"postgresql": "md5('past' || n)::uuid", "sqlite": "randomblob(16)"}
FILL = (
    "CREATE TEMPORARY TABLE past AS SELECT n, {id} AS id FROM ({numbers}) AS numbers",
    "INSERT INTO fact SELECT id, 'main', 'orders', 'past-' || n / 2, 'order_completed', '', '', 0,"
    " 1700000000000000 + n, 1700000000000000 + n, 'poll', NULL FROM past",
    "INSERT INTO delivery (event_id, destination, lane, priority, seq, status, attempts, maybe_sent,"
    " recorded_at, settled_at) SELECT id, 'segment', n % 256, 0, n, 'accepted', 1, 1,"
    " 1700000000000000 + n, 1700000000000000 + n FROM past",
    "INSERT INTO record SELECT 'main', 'orders', 'past-' || n, 1, 1700000000000000, '{{}}', {hash}, 1, NULL,"
    " 1700000000000000, {no} FROM past WHERE n % 2 = 0",
    "DROP TABLE past",
)


def fill(engine: Engine, there: int, rows: int) -> None:
    """Up to `rows` facts and deliveries, half as many records. Bodies are gone, as retention leaves it."""
    if rows <= there:
        return
    with engine.begin() as connection:
        known = is_postgres(connection)
        name = connection.dialect.name
        parts = {"id": IDS[name], "hash": "''::bytea" if known else "x''", "no": "false" if known else "0"}
        for statement in FILL:
            numbers = NUMBERS[name].format(first=there + 1, last=rows)
            connection.execute(text(statement.format(numbers=numbers, **parts)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
