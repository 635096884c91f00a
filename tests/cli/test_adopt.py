"""`commerce-events ledger adopt`: the switch from another integration."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL
from terminal import SETTINGS, Terminal

SWITCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def switching(terminal: Terminal) -> Terminal:
    """Two orders of before the switch, and a sync that begins with it."""
    terminal.settings(SETTINGS.replace("2020-01-01T00:00:00Z", "2026-03-01T00:00:00Z"))
    terminal.shop.clock = datetime(2026, 2, 1, tzinfo=UTC)
    first, _ = (terminal.shop.place_order(buyer="guest") for _ in range(2))
    terminal.shop.pay(first)
    terminal.shop.clock = datetime(2026, 3, 2, tzinfo=UTC)
    return terminal


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_past_is_adopted_once_and_told_never(
    switching: Terminal, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "postgres":
        url: URL = request.getfixturevalue("postgres_url")
        switching.connect_postgres(url)

    first = switching.run("ledger", "adopt", "--before", "2026-03-01", "--yes")
    second = switching.run("ledger", "adopt", "--before", "2026-03-01T00:00:00Z", "--yes")
    switching.sync()

    assert first.exit_code == 0, first.output
    assert "2 records recorded; 3 messages adopted, 0 to be sent." in first.output
    assert "0 records recorded; 0 messages adopted, 0 to be sent." in second.output
    assert switching.segment.unique() == {}


def test_what_was_never_told_is_left_to_a_backfill(switching: Terminal, tmp_path: Path) -> None:
    missed, adopted = switching.shop.order_ids()
    (tmp_path / "missed").write_text(f"{missed}, \n")

    result = switching.run(
        "ledger", "adopt", "--before", "2026-03-01", "--missing", str(tmp_path / "missed"), "--yes"
    )

    reasons = {
        order: {row.reason for row in switching.ledger.reports.of_record("main", "orders", order)}
        for order in (missed, adopted)
    }
    assert result.exit_code == 0, result.output
    assert reasons == {missed: {"before_start"}, adopted: {"adopted"}}


def test_a_gap_between_the_switch_and_the_start_is_pointed_out(switching: Terminal) -> None:
    result = switching.run("ledger", "adopt", "--before", "2026-02-15", "--yes")

    assert "until the store's start, 2026-03-01 00:00:00Z, is neither adopted nor told" in result.output


def test_nothing_happens_without_a_yes(switching: Terminal) -> None:
    result = switching.run("ledger", "adopt", "--before", "2026-03-01")

    assert result.exit_code == 2
    assert "Nothing was changed" in result.output
    assert switching.rows()["record"] == []


def test_a_file_of_ids_that_is_no_text_is_named(switching: Terminal, tmp_path: Path) -> None:
    (tmp_path / "missed").write_bytes(b"\xff\xfe")

    result = switching.run("ledger", "adopt", "--before", "2026-03-01", "--missing", str(tmp_path / "missed"))

    assert (result.exit_code, result.output.strip()) == (2, f"{tmp_path / 'missed'}: byte 0 is not UTF-8")


def test_a_beginning_behind_the_end_is_refused_before_anything_is_asked(switching: Terminal) -> None:
    result = switching.run("ledger", "adopt", "--before", "2026-03-01", "--since", "2026-03-02")

    assert result.exit_code == 2
    assert "nothing lies between" in result.output
    assert "Record all" not in result.output


@pytest.mark.parametrize(
    ("said", "answer"),
    [("2031-01-01", "the time lies in the future"), ("yesterday", "before: must be a day")],
)
def test_a_time_that_cannot_be_meant_is_refused(switching: Terminal, said: str, answer: str) -> None:
    result = switching.run("ledger", "adopt", "--before", said, "--yes")

    assert result.exit_code == 2
    assert answer in result.output
