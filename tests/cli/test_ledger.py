"""`commerce-events ledger`: on SQLite and on Postgres."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import URL, text
from terminal import Terminal

from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.engine import open_engine
from commerce_events.sandbox.faults import status
from commerce_events.steps.watch import raise_late


@pytest.fixture
def empty_postgres(postgres_url: URL) -> URL:
    engine = open_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres_url


def test_a_sqlite_ledger_is_made_and_left_alone_the_second_time(terminal: Terminal) -> None:
    first, second = terminal.run("ledger", "migrate"), terminal.run("ledger", "migrate")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert re.fullmatch(rf"SQLite file {terminal.ledger_file}: from no schema to (\d+)\n", first.output)
    assert re.fullmatch(r"SQLite file .*: from (\d+) to \1\n", second.output)


def test_a_postgres_ledger_is_migrated_on_request_only(terminal: Terminal, empty_postgres: URL) -> None:
    terminal.connect_postgres(empty_postgres, password="s3cret")

    before = terminal.run("ledger", "status")
    migrated = terminal.run("ledger", "migrate")
    after = terminal.run("ledger", "status")

    assert before.exit_code == 2
    assert before.output.startswith("The ledger's schema is at nothing, this version needs ")
    assert re.fullmatch(r"Postgres database \w+ on .*: from no schema to \d+\n", migrated.output)
    assert after.exit_code == 0, after.output
    assert "s3cret" not in before.output + migrated.output + after.output


def test_a_ledger_of_a_newer_version_is_left_alone(terminal: Terminal) -> None:
    with terminal.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    result = terminal.run("ledger", "migrate")

    assert result.exit_code == 2
    assert result.output.startswith("The ledger's schema is at 9999, which this version does not know")


def test_an_empty_ledger_says_so(terminal: Terminal) -> None:
    result = terminal.run("ledger", "status")

    assert result.exit_code == 0
    assert {"Captured: none", "Messages: none", "Longest unsent: none"} <= set(result.output.splitlines())


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_status_counts_what_stands_where(
    terminal: Terminal, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "postgres":
        terminal.connect_postgres(request.getfixturevalue("postgres_url"))
    good, paid = terminal.shop.place_order(buyer="guest"), terminal.shop.place_order(buyer="guest")
    terminal.shop.pay(paid)
    whole = terminal.shop.order(good)
    terminal.shop.put_raw({**whole, "id": "broken", "payment": None})
    terminal.shop.put_raw({**whole, "id": "hollow", "relationships": {}})
    terminal.sync()
    terminal.shop.place_order()
    terminal.capture()

    result = terminal.run("ledger", "status")

    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert result.exit_code == 0, result.output
    assert any(re.fullmatch(r"main orders 4 \d{4}-\d\d-\d\d [\d:]+Z", line) for line in lines)
    assert "store destination message pending accepted filtered quarantined dead" in lines
    assert "main segment checkout_started 1 2 0 1 0" in lines
    assert "main segment order_completed 0 1 0 0 0" in lines
    assert any(line.startswith("Longest unsent: recorded ") for line in lines)
    assert "segment checkout_started quarantined contract:minItems 1" in lines
    assert "main orders missing_state 1" in lines
    assert whole["customer"]["email"] not in result.output


def test_what_is_wrong_and_what_people_decided_is_shown(terminal: Terminal) -> None:
    terminal.shop.place_order(currency="USD")
    terminal.segment.faults.always(status(413))
    with pytest.raises(AttentionError):
        terminal.sync()
    raise_late(terminal.ledger, {}, "sync_orders", now=datetime.now(UTC))
    terminal.run("replay", "--discard", "--why", "a test order", "--who", "ann", "--yes")

    stands, decided = terminal.run("ledger", "status").output, terminal.run("ledger", "audit").output

    assert re.search(r"critical +deadline +sync_orders .* a run did not end in time", stands)
    assert re.search(r"ann +discarded .* segment +a test order +dead", decided)
