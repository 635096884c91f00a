"""SQLite keeps the promises a server keeps: durable, and a second writer waits instead of failing."""

import sqlite3
import time
from threading import Event, Thread

import pytest
from sqlalchemy import select, text

from commerce_events.ledger.database import Database
from commerce_events.ledger.engine import BUSY_SECONDS, open_engine
from commerce_events.ledger.tables import meta


@pytest.fixture
def database(sqlite_url):
    engine = open_engine(sqlite_url)
    yield Database(engine)
    engine.dispose()


def test_every_connection_is_prepared(database):
    with database.read() as connection:
        found = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": BUSY_SECONDS * 1000}


def test_a_write_takes_the_lock_at_its_beginning(database, sqlite_url):
    """Read, then write: a deferred transaction would fail here at once, whatever the time-out."""
    other = sqlite3.connect(sqlite_url.database, timeout=0, isolation_level=None)
    with database.write() as connection:
        connection.execute(select(meta)).all()

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_second_writer_waits_for_the_first(database):
    """Both read a number and write it back with one more: none of the additions may be lost."""
    with database.write() as connection:
        connection.execute(text("INSERT INTO meta (key, value) VALUES ('n', '0')"))

    def add():
        for _ in range(25):
            with database.write() as connection:
                n = int(connection.scalar(text("SELECT value FROM meta WHERE key = 'n'")))
                connection.execute(text("UPDATE meta SET value = :n WHERE key = 'n'"), {"n": n + 1})

    threads = [Thread(target=add) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    with database.read() as connection:
        assert connection.scalar(text("SELECT value FROM meta WHERE key = 'n'")) == "100"


def test_a_reader_waits_for_no_writer(database):
    writing, done = Event(), Event()

    def write_long():
        with database.write() as connection:
            connection.execute(text("INSERT INTO meta (key, value) VALUES ('n', '1')"))
            writing.set()
            done.wait(10)

    writer = Thread(target=write_long)
    writer.start()
    writing.wait(10)
    began = time.monotonic()
    with database.read() as connection:
        assert connection.scalar(text("SELECT value FROM meta WHERE key = 'n'")) is None
    waited = time.monotonic() - began
    done.set()
    writer.join()

    assert waited < 5


def test_a_write_that_raises_leaves_nothing(database):
    def write_and_fail():
        with database.write() as connection:
            connection.execute(text("INSERT INTO meta (key, value) VALUES ('n', '1')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()

    with database.read() as connection:
        assert connection.scalar(text("SELECT value FROM meta WHERE key = 'n'")) is None
