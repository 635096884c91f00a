"""Many rows in one statement hold what they would hold one by one, on both databases."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Engine, delete, event, insert, select

from commerce_events.domain.deliveries import Priority, Status
from commerce_events.ledger.bulk import bulk, copy_rows
from commerce_events.ledger.database import among
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.people_tables import person_key
from commerce_events.ledger.tables import delivery, payload, record

# What Postgres keeps: it has no character 0, and nothing has halves of characters.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=50)
BIG = st.integers(-(2**63), 2**63 - 1)
STATES = st.fixed_dictionaries(
    {
        "store": TEXT,
        "stream": st.sampled_from(["orders", "customers"]),
        "record_id": TEXT,
        "version": st.integers(0, 2**31 - 1),
        "source_updated_at": BIG,
        "state": TEXT,
        "hash": st.binary(max_size=40),
        "hash_version": st.integers(0, 9),
        "person": st.none() | TEXT,
        "created_at": BIG,
        "erased": st.booleans(),
    }
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    states=st.lists(
        STATES, min_size=1, max_size=8, unique_by=lambda row: (row["store"], row["stream"], row["record_id"])
    )
)
def test_rows_are_kept_as_they_were_given(engine: Engine, states: list[dict[str, object]]) -> None:
    with engine.begin() as connection:
        connection.execute(delete(record))
        connection.execute(*bulk(connection, record, states))
        kept = [dict(row._mapping) for row in connection.execute(select(record))]

    assert sorted(kept, key=of_record) == sorted(states, key=of_record)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.none() | st.binary(max_size=200), min_size=1, max_size=8))
def test_bytes_are_copied_as_they_were_given(engine: Engine, bodies: list[bytes | None]) -> None:
    rows = [
        {"event_id": uuid4(), "destination": "segment", "month": 202611, "body": body, "input": None}
        for body in bodies
    ]

    with engine.begin() as connection:
        connection.execute(delete(payload))
        copy_rows(connection, payload, rows)
        kept = [dict(row._mapping) for row in connection.execute(select(payload))]

    assert sorted(kept, key=of_event) == sorted(rows, key=of_event)


def test_a_conflict_is_met_and_what_was_written_comes_back(engine: Engine) -> None:
    rows = [row_of_a_key("a", "ann"), row_of_a_key("b", "bob")]
    with engine.begin() as connection:
        connection.execute(insert(person_key), [row_of_a_key("a", "eve")])

        written = connection.scalars(*bulk(connection, person_key, rows, if_new)).all()

    assert written == ["b"]


def test_a_page_is_one_statement_on_postgres_whatever_its_size(postgres_url: URL) -> None:
    engine = open_engine(postgres_url)
    rows = [row_of_a_delivery(number) for number in range(2_500)]
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))

    with engine.begin() as connection:
        connection.execute(*bulk(connection, delivery, rows))
    engine.dispose()

    assert len(statements) == 1


@pytest.mark.parametrize("count", [0, 1, 300])
def test_those_among_many_ids_are_found(engine: Engine, count: int) -> None:
    rows = [row_of_a_delivery(number) for number in range(400)]
    asked: list[UUID] = [row["event_id"] for row in rows[:count]]  # type: ignore[misc]
    with engine.begin() as connection:
        connection.execute(insert(delivery), rows)

        found = connection.scalars(
            select(delivery.c.event_id).where(among(connection, delivery.c.event_id, [*asked, uuid4()]))
        ).all()

    assert sorted(found) == sorted(asked)


def if_new(insert: Any) -> Any:
    return insert.on_conflict_do_nothing().returning(person_key.c.value)


def of_record(row: dict[str, object]) -> tuple[object, ...]:
    return row["store"], row["stream"], row["record_id"]


def of_event(row: dict[str, object]) -> object:
    return row["event_id"]


def row_of_a_key(value: str, person: str) -> dict[str, object]:
    return {"store": "main", "kind": "email", "value": value, "person": person, "known": True}


def row_of_a_delivery(number: int) -> dict[str, object]:
    return {
        "event_id": uuid4(),
        "destination": "segment",
        "lane": number % 256,
        "priority": Priority.LIVE,
        "seq": number,
        "status": Status.PENDING,
        "attempts": 0,
        "maybe_sent": 0,
        "recorded_at": 1,
    }
