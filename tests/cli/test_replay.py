"""`commerce-events replay`: what waits for a person, put back in line."""

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from terminal import Terminal

from commerce_events.ledger.reports import Told
from commerce_events.sandbox.faults import timeout

COMPLETED = "segment/elasticpath/order_completed.jsonata"


def lines(output: str) -> list[str]:
    return [" ".join(line.split()) for line in output.splitlines()]


def template(terminal: Terminal, file: str = COMPLETED) -> Path:
    return terminal.include / "templates" / file


@pytest.fixture
def quarantined(terminal: Terminal) -> Terminal:
    """Two paid orders whose Order Completed broke its contract, by a template that has been mended since."""
    good = template(terminal).read_text()
    template(terminal).write_text(good.replace('"currency": ', '"money": '))
    for _ in range(2):
        terminal.shop.pay(terminal.shop.place_order(currency="USD", buyer="guest"))
    terminal.sync()
    template(terminal).write_text(good)
    return terminal


def completed(terminal: Terminal) -> int:
    return sum(message["event"] == "Order Completed" for message in terminal.segment.unique().values())


def test_a_dry_run_shows_what_would_become_of_them_and_changes_nothing(quarantined: Terminal) -> None:
    before = quarantined.rows()

    result = quarantined.run("replay", "--dry-run")

    assert result.exit_code == 0, result.output
    assert "segment order_completed quarantined contract:required 2" in lines(result.output)
    assert "segment order_completed quarantined pending 2" in lines(result.output)
    assert quarantined.rows() == before


def test_a_dry_run_says_where_a_message_still_breaks_its_contract(quarantined: Terminal) -> None:
    broken = template(quarantined).read_text().replace('"currency": ', '"money": ')
    template(quarantined).write_text(broken)

    result = quarantined.run("replay", "--dry-run")

    where = "contract:required $.properties.currency: is missing"
    assert f"segment order_completed quarantined quarantined {where} 2" in lines(result.output)


def test_what_passes_is_sent_by_the_next_run_under_its_own_id(quarantined: Terminal) -> None:
    told = {row.event_id for row in _told(quarantined) if row.kind == "order_completed"}

    result = quarantined.run("replay", "--yes")
    quarantined.sync()

    assert result.exit_code == 0, result.output
    assert "The next run sends what is pending." in result.output
    assert completed(quarantined) == 2
    assert {str(event) for event in told} <= quarantined.segment.unique().keys()
    assert "Waiting: none" in quarantined.run("replay", "--yes").output


def _told(terminal: Terminal) -> list[Told]:
    reports = terminal.ledger.reports
    return [row for order in terminal.shop.order_ids() for row in reports.of_record("main", "orders", order)]


def test_without_a_terminal_and_without_yes_nothing_happens(quarantined: Terminal) -> None:
    before = quarantined.rows()

    result = quarantined.run("replay")

    assert result.exit_code == 2
    assert "segment order_completed quarantined contract:required 2" in lines(result.output)
    assert "Nothing was changed: there is no terminal to ask on. Add --yes, or --dry-run" in result.output
    assert quarantined.rows() == before


@pytest.mark.parametrize(("answer", "left"), [("y", 0), ("n", 2)])
def test_a_terminal_is_asked(quarantined: Terminal, answer: str, left: int) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "commerce_events", "replay"], stdin=theirs, stdout=subprocess.PIPE, text=True
    )
    os.write(ours, f"{answer}\n".encode())

    output, _ = process.communicate(timeout=60)

    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, output
    assert "Put these 2 messages back in line? [y/N]" in output
    assert quarantined.ledger.reports.recent(datetime(2020, 1, 1, tzinfo=UTC)).quarantined == left


def test_filters_choose_and_an_id_that_waits_for_nothing_is_a_finding(quarantined: Terminal) -> None:
    first, second = quarantined.shop.order_ids()

    one = quarantined.run("replay", first, "--dry-run")
    other_reason = quarantined.run("replay", "--reason", "too_large", "--dry-run")
    dead = quarantined.run("replay", "--status", "dead", "--dry-run")
    elsewhere = quarantined.run("replay", "--destination", "archive", "--dry-run")
    unknown = quarantined.run("replay", "no-such-order", "--dry-run")
    quarantined.run("replay", first, "--yes")
    left = quarantined.run("replay", "--dry-run")

    assert "segment order_completed quarantined contract:required 1" in lines(one.output)
    assert [result.exit_code for result in (other_reason, dead, elsewhere)] == [0, 0, 0]
    assert unknown.exit_code == 1
    for result in (other_reason, dead, elsewhere, unknown):
        assert result.output == "Waiting: none\n"
    assert "segment order_completed quarantined contract:required 1" in lines(left.output)
    assert second not in left.output


def test_what_may_have_arrived_is_left_alone(terminal: Terminal) -> None:
    doubtful = terminal.shop.place_order()
    terminal.segment.faults.always(timeout(0, taken=True))
    terminal.sync()
    certain = terminal.shop.place_order()
    terminal.capture()
    now = datetime.now(UTC)
    terminal.ledger.outbox.expire("segment", now + timedelta(days=1), now)

    result = terminal.run("replay", "--yes")

    assert "segment checkout_started dead too_old 2" in lines(result.output)
    assert "1 of them may have been sent already and are left alone." in result.output
    assert (_status(terminal, doubtful), _status(terminal, certain)) == ("dead", "pending")


def _status(terminal: Terminal, order: str) -> str:
    (told,) = terminal.ledger.reports.of_record("main", "orders", order)
    return str(told.status)


def test_records_that_can_be_read_now_are_told(terminal: Terminal) -> None:
    good = terminal.shop.place_order()
    whole, items = terminal.shop.order(good), terminal.shop.items(good)
    terminal.shop.put_raw({**whole, "id": "mended", "payment": None}, items)
    terminal.shop.put_raw({**whole, "id": "broken", "payment": None}, items)
    terminal.sync()
    terminal.shop.put_raw({**whole, "id": "mended"}, items)

    dry, unasked = terminal.run("replay", "--rejects", "--dry-run"), terminal.run("replay", "--rejects")
    done = terminal.run("replay", "--rejects", "--yes")
    terminal.sync()

    assert "Store main, orders: 1 read, 1 still rejected: missing_state (nothing was written)" in dry.output
    assert unasked.exit_code == 2
    assert "Store main, orders: 1 read, 1 still rejected\n" in done.output
    assert terminal.ledger.rejects.open_ids("main", "orders") == ["broken"]
    told = {message["properties"]["order_id"] for message in terminal.segment.unique().values()}
    assert told == {good, "mended"}


def test_rejects_know_no_filters(terminal: Terminal) -> None:
    result = terminal.run("replay", "--rejects", "--reason", "x")

    assert result.exit_code == 2
    assert "leave out ids and the" in result.output


def test_no_command_but_preview_shows_anything_personal(quarantined: Terminal) -> None:
    people = [quarantined.shop.order(order)["customer"]["email"] for order in quarantined.shop.order_ids()]

    shown = "".join(
        quarantined.run(*command).output
        for command in (("replay", "--dry-run"), ("doctor",), ("ledger", "status"), ("replay", "--yes"))
    )

    assert [email for email in people if email in shown] == []
    assert quarantined.shop.client_secret not in shown


def test_message_and_day_choose_too(quarantined: Terminal) -> None:
    (day, *_) = {str(row.occurred_at.date()) for row in _told(quarantined)}

    kind = quarantined.run("replay", "--message", "order_completed", "--dry-run")
    other = quarantined.run("replay", "--message", "order_refunded", "--dry-run")
    that_day = quarantined.run("replay", "--day", day, "--dry-run")
    long_ago = quarantined.run("replay", "--day", "1999-01-01", "--dry-run")

    for result in (kind, that_day):
        assert "segment order_completed quarantined contract:required 2" in lines(result.output)
    for result in (other, long_ago):
        assert result.output == "Waiting: none\n"


def test_what_is_discarded_is_counted_asked_for_and_gone(quarantined: Terminal) -> None:
    unexplained = quarantined.run("replay", "--discard", "--yes")
    look = quarantined.run("replay", "--discard", "--why", "test orders", "--dry-run")
    done = quarantined.run("replay", "--discard", "--why", "test orders", "--who", "ann", "--yes")

    assert unexplained.exit_code == 2
    assert "audit says why" in unexplained.output
    assert "segment order_completed quarantined contract:required 2" in lines(look.output)
    assert "2 messages are filtered: discarded." in done.output
    assert {(one.who, one.why) for one in quarantined.ledger.decisions.entries(9)} == {("ann", "test orders")}
    assert quarantined.run("replay", "--dry-run").output == "Waiting: none\n"


def test_a_message_is_shown_changed_and_put_in_line(quarantined: Terminal, tmp_path: Path) -> None:
    order, _ = quarantined.shop.order_ids()
    shown = quarantined.run("replay", order, "--show")
    found = json.loads(shown.output)
    found["message"]["properties"] = {"currency": "USD", **found["message"]["properties"]}
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(found))

    done = quarantined.run("replay", order, "--edit", str(file), "--why", "no currency")
    several = quarantined.run("replay", "--show", "--status", "dead")
    quarantined.sync()

    assert done.exit_code == 0, done.output
    assert "is pending now." in done.output
    assert several.exit_code == 2
    assert completed(quarantined) == 1


def test_what_was_sent_is_corrected_where_it_differs(terminal: Terminal) -> None:
    terminal.shop.pay(terminal.shop.place_order(currency="USD", buyer="guest"))
    terminal.sync()
    good = template(terminal).read_text()
    template(terminal).write_text(good.replace("commerce.store", '"The shop"'))

    everything = terminal.run("replay", "--correct", "--why", "wrong name", "--yes")
    look = terminal.run("replay", "--correct", "--message", "order_completed", "--dry-run")
    done = terminal.run("replay", "--correct", "--message", "order_completed", "--why", "wrong name", "--yes")
    terminal.sync()

    assert everything.exit_code == 2
    assert "corrected 1" in lines(look.output)
    assert "corrected 1" in lines(done.output)
    first, second = [one for one in terminal.segment.unique().values() if one["event"] == "Order Completed"]
    assert second["integrations"] == {"All": False}
    assert second["context"]["correction"]["of"] == first["messageId"]
