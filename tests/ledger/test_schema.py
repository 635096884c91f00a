"""The schema: made by migrations, the same as the tables in code, on both databases."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from commerce_events.domain.errors import ConfigurationError
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.schema import _config, migrate, require_current, revisions
from commerce_events.ledger.tables import metadata


@pytest.fixture
def empty(ledger_url, tmp_path):
    """A database in which nothing has been made yet."""
    if ledger_url.drivername == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        yield engine
    else:
        engine = open_engine(ledger_url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        yield engine
    engine.dispose()


def downgrade(engine):
    with engine.begin() as connection:
        command.downgrade(_config(connection), "base")


def is_whole(name, kind, parents):
    """Not one of the parts into which Postgres splits a table."""
    return kind != "table" or not re.search(r"_(\d+|default)$", name)


def test_an_empty_database_is_refused_with_the_command_that_helps(empty):
    with pytest.raises(ConfigurationError, match="ledger migrate"):
        Ledger(empty)


def test_a_migrated_database_has_exactly_the_tables_of_the_code(empty):
    migrate(empty)

    with empty.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_whole}
        )
        assert compare_metadata(context, metadata) == []
    found, wanted = revisions(empty)
    assert found == wanted


def test_indexes_have_the_conditions_of_the_code(empty):
    """Alembic does not compare them; without them every claim reads what was settled long ago."""
    migrate(empty)

    found = {
        index["name"]: str(index["dialect_options"][f"{empty.dialect.name}_where"])
        for index in inspect(empty).get_indexes("delivery")
        if index.get("dialect_options", {}).get(f"{empty.dialect.name}_where") is not None
    }

    assert set(found) == {"ix_delivery_pending", "ix_delivery_waiting"}
    assert "pending" in found["ix_delivery_pending"]
    assert {"quarantined", "dead"} <= set(found["ix_delivery_waiting"].replace("'", " ").split())


def test_migrating_again_changes_nothing_and_keeps_what_is_there(empty):
    migrate(empty)
    key = Ledger(empty).charter.identity_key()

    migrate(empty)

    assert Ledger(empty).charter.identity_key() == key


def test_several_may_migrate_at_once(empty):
    engines = [open_engine(empty.url) for _ in range(3)]
    with ThreadPoolExecutor(len(engines)) as pool:
        list(pool.map(migrate, engines))

    require_current(empty)
    for engine in engines:
        engine.dispose()


def test_a_downgrade_leaves_nothing_behind_and_can_be_taken_back(empty):
    migrate(empty)

    downgrade(empty)

    assert set(inspect(empty).get_table_names()) <= {"alembic_version"}
    if empty.dialect.name == "postgresql":
        assert inspect(empty).get_sequence_names() == []
    migrate(empty)
    require_current(empty)


def test_a_schema_of_another_version_is_refused(empty):
    migrate(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigurationError, match="9999"):
        Ledger(empty)


def test_a_migration_that_fails_leaves_nothing_half_made(empty):
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE stream (something INTEGER)"))  # in the way of ours

    with pytest.raises(Exception, match="stream"):
        migrate(empty)

    assert set(inspect(empty).get_table_names()) <= {"stream", "alembic_version"}
    assert revisions(empty)[0] is None
