"""Opening the ledger's database so that SQLite and Postgres keep the same promises."""

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

# A write waits this long for another process before it gives up.
BUSY_SECONDS = 30


def open_engine(url: str | URL) -> Engine:
    """An engine for a `sqlite:///` or `postgresql+psycopg://` URL. Nothing is created or checked yet."""
    # The values of a statement that failed are people's ids and addresses; errors end up in logs.
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: Any, _: object) -> None:
    """Rows are sought by their keys, on disks that turn no more. By its own figures Postgres would read a
    table of half a million rows to find three hundred.
    """
    connection.execute("SET random_page_cost = 1.1")
    connection.commit()


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin_sqlite` does
    # secure_delete: what is deleted is overwritten, not merely forgotten.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN that turns into a write fails at once whatever the time-out says.
    reading = connection.get_execution_options().get("reads_only")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
