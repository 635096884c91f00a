"""Splitting a ledger that is in use: nothing in it changes, and its keys still let nothing in twice."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from commerce_events.ledger.months import make_ahead
from commerce_events.ledger.schema import _config, migrate
from commerce_events.ledger.tables import delivery, fact, metadata, record

pytestmark = pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)


@pytest.fixture
def filled(line):
    for _ in range(5):
        line.shop.pay(line.shop.place_order(buyer="customer"))
    line.run()
    line.shop.place_order(buyer="guest")
    line.capture()
    return line


def back_to(ledger, revision):
    with ledger.engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def content(ledger):
    with ledger.engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(table.select())))
            for name, table in metadata.tables.items()
            if name != "inbox"  # it was another one before
        }


def parts(ledger, table):
    with ledger.engine.connect() as connection:
        found = text("SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass(:table)")
        return connection.scalar(found, {"table": table})


def indexes(ledger):
    found = inspect(ledger.engine)
    return {
        name: sorted(one["name"] for one in found.get_indexes(name))
        for name in metadata.tables
        if name != "inbox"
    }


def test_a_filled_ledger_is_split_and_put_together_again(filled):
    ledger = filled.ledger
    before, known = content(ledger), indexes(ledger)

    back_to(ledger, "0006")
    whole, whole_indexes = content(ledger), indexes(ledger)
    assert [parts(ledger, table) for table in ("record", "fact", "delivery", "payload", "batch")] == [0] * 5
    migrate(ledger.engine)

    assert before == whole == content(ledger)
    assert known == whole_indexes == indexes(ledger)
    assert [parts(ledger, table) for table in ("record", "fact", "delivery")] == [4, 4, 4]
    assert parts(ledger, "payload") >= 5
    filled.deliver()
    assert filled.statuses()["pending"] == 0


@pytest.mark.parametrize("table", [record, fact, delivery], ids=lambda table: table.name)
def test_a_key_is_unique_across_all_parts(filled, table):
    with filled.ledger.engine.connect() as connection:
        row = connection.execute(select(table).limit(1)).mappings().one()

    with pytest.raises(IntegrityError), filled.ledger.engine.begin() as connection:
        connection.execute(insert(table).values(**row))


def test_the_views_stand_on_the_split_tables(filled):
    with filled.ledger.engine.connect() as connection:
        assert connection.scalar(text("SELECT sum(n) FROM v_delivery_daily")) == 11
        assert connection.scalar(text("SELECT sum(messages) FROM v_lag")) == 11


def test_bodies_of_months_to_come_are_stored_as_they_are(ledger):
    """Packed, or too short for it: Postgres would try each of them, and save nothing."""
    with ledger.engine.begin() as connection:
        make_ahead(connection, datetime(2031, 1, 1, tzinfo=UTC))
        found = text(
            "SELECT relname, attstorage FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
            "WHERE relname ~ '^payload_([0-9]+|default)$' AND attname IN ('body', 'input')"
        )
        stored = connection.execute(found).all()

    assert {"payload_203101", "payload_default"} <= {name for name, _ in stored}
    assert {how for _, how in stored} == {"e"}
