"""A replay that comes while housekeeping sweeps what waited too long: what is owed has its body."""

from datetime import timedelta
from threading import Thread

import pytest
from pipeline import Pipeline
from proofs.books import check_books, deliveries
from sqlalchemy import event
from steps.test_decide import broken

from commerce_events.config import Retention
from commerce_events.domain.deliveries import Status
from commerce_events.ledger.entries import Owed
from commerce_events.ledger.waiting import Choice, Held
from commerce_events.steps.maintain import maintain

LONG = timedelta(days=130)


@pytest.fixture
def waiting(line: Pipeline) -> Pipeline:
    """A message that waits since so long that its body is to go, in a ledger kept in order until now."""
    broken(line)
    for days in (0, 40, 80, 120):
        line.ledger.upkeep.months_ahead(line.clock.now() + timedelta(days=days))
    return line


def read(line: Pipeline) -> list[tuple[Held, Owed]]:
    """What a replay makes of it once the template is mended, which is not this test's affair."""
    group, _ = line.ledger.waiting.next(Choice(), 0, 9)
    return [(held, Owed("segment", Status.PENDING, body=held.body)) for held in group]


def put_back(line: Pipeline, again: list[tuple[Held, Owed]]) -> None:
    line.ledger.waiting.settle(again, line.clock.now() + LONG)


def sweep(line: Pipeline) -> None:
    maintain(line.ledger, Retention(), now=line.clock.now() + LONG)


def test_one_that_comes_while_it_looks_keeps_its_body_or_writes_it_anew(waiting: Pipeline) -> None:
    engine, again = waiting.ledger.engine, read(waiting)
    replays, looked = list[Thread](), list[str]()
    last = 2 if engine.dialect.name == "postgresql" else 1  # there the second look is under a lock

    @event.listens_for(engine, "after_cursor_execute")
    def meanwhile(connection, cursor, statement, *_):
        if "payload.rowid >" in statement or statement.lstrip().startswith("UPDATE payload SET month"):
            looked.append(statement)
        if len(looked) == last and not replays:
            replays.append(Thread(target=put_back, args=[waiting, again]))
            replays[0].start()
            replays[0].join(1)  # on Postgres it waits for the sweep's lock

    sweep(waiting)
    replays[0].join()
    event.remove(engine, "after_cursor_execute", meanwhile)

    (owed,) = [row for row in deliveries(waiting.ledger) if row.status == "pending"]
    assert owed.body
    check_books(waiting.ledger)


def test_one_that_comes_after_writes_it_anew(waiting: Pipeline) -> None:
    again = read(waiting)
    sweep(waiting)

    put_back(waiting, again)

    (owed,) = [row for row in deliveries(waiting.ledger) if row.status == "pending"]
    assert owed.body == again[0][0].body
    check_books(waiting.ledger)
