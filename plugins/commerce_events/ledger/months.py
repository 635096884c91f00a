"""The months that Postgres keeps bodies and batches in: made ahead, dropped whole.

What comes for a month that nobody made ahead is taken in by a default part, and moved when its month is made.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from commerce_events.domain.moments import micros

AHEAD = 3
# The months of rows that the default part took in while nobody made theirs.
_STRAYS = {
    "payload": text("SELECT DISTINCT month FROM payload_default"),
    "batch": text(
        "SELECT DISTINCT to_char(to_timestamp(sent_at / 1000000.0) AT TIME ZONE 'UTC', 'YYYYMM')::int "
        "FROM batch_default"
    ),
}
# Dropping waits for whoever reads; the next run tries again.
PATIENCE = "5s"

# Kept beyond their month: what is owed, and what waits for a person and is not too old.
_KEPT = text("""
    UPDATE payload SET month = :now FROM delivery d
    WHERE payload.month = :month AND payload.event_id = d.event_id AND payload.destination = d.destination
    AND (d.status = 'pending' OR (d.status IN ('quarantined', 'dead') AND d.recorded_at >= :waiting_since))
""")
_PARTS = text("""
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass(:table) AND c.relname ~ '_[0-9]{6}$' ORDER BY 1
""")


def month_of(moment: datetime) -> int:
    return moment.year * 100 + moment.month


def begins(month: int) -> datetime:
    return datetime(month // 100, month % 100, 1, tzinfo=UTC)


def after(month: int) -> int:
    return month + 1 if month % 100 < 12 else month + 89


def make_ahead(connection: Connection, now: datetime) -> int:
    """Make the parts of this month and the next ones, and of those that nobody made in time; returns how many
    were new.
    """
    made = 0
    for table, strays in _STRAYS.items():
        wanted = {*_from(month_of(now), AHEAD + 1), *connection.scalars(strays)}
        for month in sorted(wanted - set(_months(connection, table))):
            _make(connection, table, month)
            made += 1
    return made


def move_kept(connection: Connection, month: int, waiting_since: datetime, now: datetime) -> None:
    """What is still needed of a month of bodies moves to this month."""
    values = {"month": month, "now": month_of(now), "waiting_since": micros(waiting_since)}
    connection.execute(_KEPT, values)


def drop_bodies(connection: Connection, month: int, waiting_since: datetime, now: datetime) -> int:
    """Drop a month of bodies; returns how many went. What was put back in line since the last look moves too:
    nobody comes between this look and the drop. A replay that waits here meanwhile writes its bodies anew.
    """
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    connection.exec_driver_sql("LOCK TABLE ONLY payload IN ACCESS EXCLUSIVE MODE")
    move_kept(connection, month, waiting_since, now)
    return _drop(connection, f"payload_{month}")


def drop_batches(connection: Connection, month: int) -> int:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    return _drop(connection, f"batch_{month}")


def over(connection: Connection, table: str, before: datetime) -> list[int]:
    """The months of a table that ended before a time."""
    return [month for month in _months(connection, table) if begins(after(month)) <= before]


def _months(connection: Connection, table: str) -> list[int]:
    return [int(name[-6:]) for name in connection.scalars(_PARTS, {"table": table})]


def _from(month: int, count: int) -> Iterator[int]:
    for _ in range(count):
        yield month
        month = after(month)


def _make(connection: Connection, table: str, month: int) -> None:
    """The default part is emptied of the month first: Postgres refuses a part whose rows are elsewhere."""
    start, end = micros(begins(month)), micros(begins(after(month)))
    which = f"month = {month}" if table == "payload" else f"sent_at >= {start} AND sent_at < {end}"
    bounds = f"IN ({month})" if table == "payload" else f"FROM ({start}) TO ({end})"
    run = connection.exec_driver_sql
    run(f"CREATE TEMPORARY TABLE moved ON COMMIT DROP AS SELECT * FROM {table}_default WHERE {which}")
    run(f"DELETE FROM {table}_default WHERE {which}")
    run(f"CREATE TABLE {table}_{month} PARTITION OF {table} FOR VALUES {bounds}")
    run(f"INSERT INTO {table} SELECT * FROM moved")
    run("DROP TABLE moved")


def _drop(connection: Connection, part: str) -> int:
    count = connection.exec_driver_sql(f"SELECT count(*) FROM {part}").scalar_one()
    connection.exec_driver_sql(f"DROP TABLE {part}")
    return int(count)
