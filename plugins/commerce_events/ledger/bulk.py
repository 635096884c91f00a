"""Writing many rows with one statement.

On Postgres the rows of a statement travel as one JSON parameter, which costs a seventh of a parameter for
each value, here and there, and leaves one short statement to parse whatever the number of rows. What meets
no conflict is copied instead. SQLite runs in this process, where a statement for each row is as good.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Table, Text, bindparam, column, func, select
from sqlalchemy.dialects import postgresql, sqlite

from commerce_events.ledger.database import is_postgres

Row = Mapping[str, Any]

# What an INSERT does beside inserting: ON CONFLICT, RETURNING. A function of a module, not one made anew for
# each call: statements are built once for each.
Completion = Callable[[Any], Any]


def as_it_is(insert: Any) -> Any:
    return insert


def bulk(
    connection: Connection, table: Table, rows: Sequence[Row], completed: Completion = as_it_is
) -> tuple[Any, Any]:
    """The statement and its parameters.

    The rows must have the same keys, and no two of them the same primary key.
    """
    if not is_postgres(connection):
        return _insert(table, completed), rows
    statement = _insert_from_json(table, tuple(rows[0]), completed)
    return statement, {"rows": orjson.dumps(rows, default=_hexadecimal).decode()}


def copy_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """For rows that meet no conflict: they travel as they are stored, bytes as bytes."""
    if not is_postgres(connection):
        connection.execute(_insert(table, as_it_is), rows)
        return
    names = list(rows[0])
    types = [table.c[name].type.compile(connection.dialect).split("(")[0].lower() for name in names]
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(types)
        for row in rows:
            copy.write_row([row[name] for name in names])


@cache
def _insert(table: Table, completed: Completion) -> Any:
    return completed(sqlite.insert(table))


@cache
def _insert_from_json(table: Table, names: tuple[str, ...], completed: Completion) -> Any:
    typed = [column(name, table.c[name].type) for name in names]
    sent = func.json_to_recordset(bindparam("rows", type_=Text()).cast(postgresql.JSON))
    told = sent.table_valued(*typed).render_derived("told", with_types=True)
    new = postgresql.insert(table).from_select(names, select(*(told.c[name] for name in names)))
    return completed(new)


def _hexadecimal(value: Any) -> str:
    """Bytes as Postgres reads them from text."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"a row holds a {type(value).__name__}")
