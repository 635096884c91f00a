"""`commerce-events backfill apply --dry-run` and `backfill verify`: looks that leave nothing behind."""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import URL
from terminal import SETTINGS, Terminal

from commerce_events.sandbox.segment import DEFAULT_KEY

SPAN = ("--from", "2026-01-01", "--to", "2026-02-01", "--fence-hours", "0")


@dataclass
class Trap:
    """A port on which nobody may knock."""

    listening: socket.socket

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def was_sprung(self) -> bool:
        self.listening.settimeout(0)
        try:
            self.listening.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture
def trap() -> Iterator[Trap]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Trap(listening)


def plan(terminal: Terminal) -> str:
    made = terminal.run("backfill", "plan", *SPAN)
    found = re.search(r"^commerce-events backfill apply (\S+)$", made.output, flags=re.MULTILINE)
    assert found, made.output
    return found[1]


@pytest.fixture
def filled(terminal: Terminal) -> Terminal:
    """Three orders in January, one of them broken, none of them told: the live sync began later."""
    terminal.settings(SETTINGS.replace("2020-01-01T00:00:00Z", "2026-06-01T00:00:00Z"))
    terminal.shop.clock = datetime(2026, 1, 10, 12, tzinfo=UTC)
    orders = [terminal.shop.place_order(buyer="guest", currency="USD") for _ in range(2)]
    terminal.shop.pay(orders[0])
    terminal.shop.put_raw(terminal.shop.order(orders[0]) | {"id": "broken", "payment": None})
    return terminal


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_dry_run_says_what_would_be_sent_and_touches_nothing(
    filled: Terminal, trap: Trap, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "postgres":
        url: URL = request.getfixturevalue("postgres_url")
        filled.connect_postgres(url)
    filled.connect("segment_default", conn_type="segment", host=trap.url, password=DEFAULT_KEY)
    planned = plan(filled)
    before = filled.rows()

    result = filled.run("backfill", "apply", planned, "--dry-run")

    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert result.exit_code == 0, result.output
    assert "segment checkout_started new would be sent 2" in lines
    assert "segment order_completed new would be sent 1" in lines
    assert "missing_state 1" in lines
    assert "3 messages would be sent, 0 are recorded already" in " ".join(lines)
    assert filled.rows() == before
    assert not trap.was_sprung()


def test_a_trap_that_is_stepped_on_tells(trap: Trap) -> None:
    with socket.create_connection(trap.listening.getsockname()):
        assert trap.was_sprung()


def test_what_differs_from_what_was_recorded_is_shown_by_its_place_and_only_on_request_as_it_stands(
    filled: Terminal,
) -> None:
    planned = plan(filled)
    assert filled.run("backfill", "apply", planned, "--yes").exit_code == 0
    template = filled.include / "templates/segment/elasticpath/checkout_started.jsonata"
    template.write_text(template.read_text().replace('"affiliation": commerce.store', '"affiliation": "us"'))

    plainly = filled.run("backfill", "apply", planned, "--dry-run")
    openly = filled.run("backfill", "apply", planned, "--dry-run", "--values")

    assert re.search(r"\$\.properties\.affiliation +2 ", plainly.output), plainly.output
    assert plainly.output.count("$.") == 1
    assert "'us'" not in plainly.output
    assert re.search(r"\$\.properties\.affiliation .*'main' +'us'", openly.output), openly.output
    assert re.search(r"checkout_started +recorded already +accepted +2", plainly.output)


def test_every_record_of_a_plan_is_accounted_for_or_named(filled: Terminal) -> None:
    planned = plan(filled)

    before = filled.run("backfill", "verify", planned)
    filled.run("backfill", "apply", planned, "--yes")
    after = filled.run("backfill", "verify", planned)

    assert before.exit_code == 1
    assert before.output.count("missing in the ledger") == 2
    assert "cannot be read, and the ledger does not say so" in before.output
    assert after.exit_code == 0, after.output
    assert re.search(r"2026-01-10 +3 +2 +0 +0 +0 +0 +0 +1 +0", after.output), after.output
    assert "Not accounted for: none" in after.output
