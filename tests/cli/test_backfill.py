"""`commerce-events backfill`: plan, apply, status, cancel and list, as typed."""

import re
from datetime import UTC, datetime

import pytest
from terminal import SETTINGS, Terminal

from commerce_events.cli.plainly import CANNOT
from commerce_events.domain.plans import Stage

SPAN = ("--from", "2026-01-01", "--to", "2026-02-01")


@pytest.fixture
def terminal(terminal: Terminal) -> Terminal:
    """Three orders in January, one of them paid; the live sync began in June."""
    terminal.settings(SETTINGS.replace("2020-01-01T00:00:00Z", "2026-06-01T00:00:00Z"))
    terminal.shop.clock = datetime(2026, 1, 10, 12, tzinfo=UTC)
    orders = [terminal.shop.place_order(buyer="guest", currency="USD") for _ in range(3)]
    terminal.shop.pay(orders[0])
    return terminal


def plan(terminal: Terminal, *options: str) -> str:
    made = terminal.run("backfill", "plan", *SPAN, *options)
    found = re.search(r"^commerce-events backfill apply (\S+)$", made.output, flags=re.MULTILINE)
    assert found, made.output
    return found[1]


def test_a_plan_says_what_it_comes_to_and_sends_nothing(terminal: Terminal) -> None:
    made = terminal.run("backfill", "plan", *SPAN)

    assert made.exit_code == 0
    for said in (
        "records            3",
        "messages, about    4",
        "requests, about    2",
        "quiet: {'All': False}",
    ):
        assert said in made.output
    assert terminal.segment.received() == []
    [kept] = terminal.ledger.plans.latest(5)
    assert (kept.stage, kept.counted) == (Stage.PLANNED, 3)


def test_a_dry_plan_is_not_kept(terminal: Terminal) -> None:
    terminal.run("ledger", "migrate")

    made = terminal.run("backfill", "plan", *SPAN, "--dry-run")

    assert (made.exit_code, terminal.ledger.plans.latest(5)) == (0, [])


def test_applying_a_plan_tells_its_span_and_accounts_for_it(terminal: Terminal) -> None:
    planned = plan(terminal)

    done = terminal.run("backfill", "apply", planned, "--yes")

    assert done.exit_code == 0, done.output
    assert "3 records read, 0 windows left" in done.output
    assert "Changed since it was planned: none" in done.output
    assert "Not accounted for: none" in done.output
    told = [one.message for one in terminal.segment.received()]
    assert sorted(one["event"] for one in told) == ["Checkout Started"] * 3 + ["Order Completed"]
    assert all(one["context"]["backfill"] == {"id": planned} for one in told)


def test_what_changed_in_the_store_since_is_said_before_anything_is_done(terminal: Terminal) -> None:
    planned = plan(terminal)
    terminal.shop.place_order()

    asked = terminal.run("backfill", "apply", planned)

    assert re.search(r"orders 2026-01-01 00:00:00 to 2026-02-01 00:00:00 \(3\)\s+4", asked.output)
    assert "there is no terminal to ask on" in asked.output
    assert (asked.exit_code, terminal.segment.received()) == (CANNOT, [])


def test_a_plan_can_be_cancelled_withdrawn_and_applied_after_all(terminal: Terminal) -> None:
    planned = plan(terminal)

    cancelled = terminal.run("backfill", "cancel", planned, "--withdraw")
    assert f"Plan {planned} is cancelled; 0 messages were withdrawn" in cancelled.output
    assert "cancelled" in terminal.run("backfill", "status", planned).output

    assert terminal.run("backfill", "apply", planned, "--yes").exit_code == 0
    listed = terminal.run("backfill", "list").output
    assert re.search(rf"{planned}\s+main\s+orders .* captured\s+3\s+3", listed)


def test_trackings_and_streams_are_chosen_by_name(terminal: Terminal) -> None:
    planned = plan(terminal, "--tracking", "order_completed", "--stream", "customers", "--stream", "orders")

    terminal.run("backfill", "apply", planned, "--yes")

    assert [one.message["event"] for one in terminal.segment.received()] == ["Order Completed"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--from", "2026-02-01", "--to", "2026-01-01"), "from (2026-02-01 00:00:00Z) must be before to"),
        (("--from", "2026-01-01", "--to", "2999-01-01"), "to (2999-01-01 00:00:00Z) lies in the future"),
        (("--from", "January", "--to", "2026-02-01"), "from: must be a day, as in 2026-01-31"),
        (("--from", "2026-01-01T00:00:00", "--to", "2026-02-01"), "from: must be a day, as in 2026-01-31"),
        ((*SPAN, "--store", "moon"), "has no store 'moon'; it has main"),
        ((*SPAN, "--stream", "parcels"), "unknown stream 'parcels'; allowed: customers"),
        ((*SPAN, "--tracking", "order_lost"), "unknown tracking 'order_lost'; allowed: customer_created"),
        ((*SPAN, "--integrations", "loud"), "no section integrations.loud; it has quiet, everything"),
    ],
)
def test_what_cannot_be_planned_is_said_plainly(
    terminal: Terminal, options: tuple[str, ...], said: str
) -> None:
    refused = terminal.run("backfill", "plan", *options)

    assert (refused.exit_code, said in refused.output) == (CANNOT, True), refused.output


@pytest.mark.parametrize("command", ["apply", "status", "cancel", "verify"])
def test_an_unknown_plan_is_said_plainly(terminal: Terminal, command: str) -> None:
    terminal.run("ledger", "migrate")

    refused = terminal.run("backfill", command, "yesterday")

    assert (refused.exit_code, "has no plan 'yesterday'" in refused.output) == (CANNOT, True)
