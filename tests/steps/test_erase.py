"""Erasing a person: what is gone afterwards, down to the bytes of the files."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline import Pipeline, pipeline
from sqlalchemy import URL

from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.erase import erase_person

EMAIL, NAME, STREET = "wilhelmina@post.example", "Wilhelmina Quist", "7 Nightingale Mews"


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with pipeline(ledger, people=["customers"]) as opened:
        yield opened


def living(line: Pipeline) -> str:
    """A customer with an order that was told, one that waits, and one that nobody can read."""
    who = line.shop.add_customer(email=EMAIL, name=NAME)
    address = {"shipping_address": {"line_1": STREET, "city": "Upton", "first_name": NAME}}
    told = line.shop.place_order(buyer=who, **address)
    line.run()
    line.shop.put_raw({**line.shop.order(told), "payment": 7}, line.shop.items(told))
    line.shop.place_order(buyer=who, **address)
    line.capture()
    return who


def held(files: Path) -> set[str]:
    """Which of the person's words stand anywhere in the database's files, its log included."""
    found = b"".join(path.read_bytes() for path in files.parent.glob(f"{files.name}*"))
    return {word for word in (EMAIL, NAME, STREET) if word.encode() in found}


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_no_file_of_a_sqlite_ledger_holds_what_was_erased(line: Pipeline, sqlite_url: URL) -> None:
    who, files = living(line), Path(str(sqlite_url.database))
    before = held(files)

    with sqlite3.connect(files) as somebody_else:  # so that the last one to close the file is not we
        somebody_else.execute("SELECT count(*) FROM record").fetchall()
        erase_person(line.store(), who)
        after = held(files)

    assert before == {EMAIL, NAME, STREET}
    assert after == set()


def test_without_overwriting_the_bytes_would_stay(tmp_path: Path) -> None:
    """Seen to fail: this is what SQLite does by itself."""
    found = []
    for name, secure in (("plain.db", "OFF"), ("ours.db", "ON")):
        engine = open_engine(f"sqlite:///{tmp_path / name}")
        with engine.connect() as connection:
            connection.connection.cursor().execute(f"PRAGMA secure_delete={secure}")
            connection.exec_driver_sql("CREATE TABLE t (word TEXT)")
            connection.exec_driver_sql(f"INSERT INTO t VALUES ('{EMAIL}')")
            connection.commit()
            connection.exec_driver_sql("DELETE FROM t")
            connection.commit()
        engine.dispose()
        found.append(EMAIL.encode() in (tmp_path / name).read_bytes())

    assert found == [True, False]


def test_what_is_counted_beforehand_is_what_leaves(line: Pipeline) -> None:
    who = living(line)

    holdings = line.ledger.erasures.holds("main", who, b"a key for tests")
    removed = erase_person(line.store(), who)
    again = line.ledger.erasures.holds("main", who, b"a key for tests")

    assert (holdings.records, holdings.rejects) == (removed["records"], removed["rejects"])
    assert (holdings.payloads, holdings.keys) == (removed["payloads"], removed["keys"])
    assert holdings.messages["pending"] == removed["pending"]
    assert holdings.rejects == 1
    assert again.nothing


def test_a_person_is_no_guest_and_a_guest_is(line: Pipeline) -> None:
    who = living(line)
    line.shop.place_order(buyer="guest")
    line.run()
    guest = next(message["anonymousId"] for message in line.messages() if "userId" not in message)

    assert not line.ledger.erasures.holds("main", who, b"a key for tests").guest
    assert line.ledger.erasures.holds("main", guest, b"a key for tests").guest
    assert not line.ledger.erasures.holds("main", "nobody", b"a key for tests").guest


def test_an_erasure_repeated_removes_nothing_more(line: Pipeline) -> None:
    who = living(line)
    erase_person(line.store(), who)
    capture_changes(line.store(), "customers")

    assert not +erase_person(line.store(), who)
