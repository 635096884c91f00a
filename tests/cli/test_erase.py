"""`commerce-events erase`: one person leaves, and how far that is at Segment."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import URL
from terminal import SETTINGS, Terminal

from commerce_events.airflow import connections, wall
from commerce_events.domain.errors import AttentionError
from commerce_events.sandbox.public_api import PublicApiStandIn
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.regulate import regulate

PERSONAL = ("name", "email", "line_1", "phone_number", "postcode")


def lines(output: str) -> list[str]:
    return [" ".join(line.split()) for line in output.splitlines()]


@pytest.fixture(params=["sqlite", "postgres"])
def person(terminal: Terminal, request: pytest.FixtureRequest) -> str:
    """A customer with two orders, one of them not told yet, beside somebody else."""
    if request.param == "postgres":
        url: URL = request.getfixturevalue("postgres_url")
        terminal.connect_postgres(url)
    who = terminal.shop.add_customer(email="ada@example.com", name="Ada Lovelace")
    terminal.shop.pay(terminal.shop.place_order(buyer=who, currency="USD"))
    terminal.shop.place_order(buyer="customer")
    terminal.sync()
    terminal.shop.place_order(buyer=who)
    terminal.capture()
    return who


@pytest.fixture
def public_api(terminal: Terminal) -> Iterator[PublicApiStandIn]:
    with PublicApiStandIn() as stand_in:
        terminal.connect_public_api(host=stand_in.url, password=stand_in.token)
        yield stand_in


def run_regulate(terminal: Terminal) -> dict[str, int]:
    """What the task of sync_customers does."""
    return dict(regulate(terminal.ledger, connections.open_workspaces(), clock=wall.now))


def words_of(terminal: Terminal) -> set[str]:
    """What the store says about people."""
    documents: list[Any] = [*terminal.shop.customers(), *terminal.shop.orders()]
    blocks = [document.get(part) or {} for document in documents for part in ("customer", "shipping_address")]
    said = [one.get(name) for one in [*documents, *blocks] for name in PERSONAL]
    return {str(word) for word in said if word and len(str(word)) > 3}


def test_a_person_leaves_after_being_counted_and_nothing_personal_is_shown(
    terminal: Terminal, person: str, public_api: PublicApiStandIn
) -> None:
    result = terminal.run("erase", "--customer", person, "--yes")

    said = lines(result.output)
    assert result.exit_code == 0, result.output
    assert "what there is about this person count" in said
    assert "messages accepted 4" in said
    assert "messages pending 1" in said
    assert "messages that were pending 1" in said
    assert "The next run of sync_customers files SUPPRESS_WITH_DELETE for them at Segment;" in result.output
    assert not {word for word in words_of(terminal) | {person} if word in result.output}
    assert terminal.ledger.erasures.holds("main", person, terminal.ledger.charter.identity_key()).nothing


def test_nothing_is_sent_of_them_afterwards_and_the_others_are_untouched(
    terminal: Terminal, person: str
) -> None:
    told = len(terminal.segment.unique())
    terminal.run("erase", "--customer", person, "--yes")

    terminal.shop.edit_customer(person, name="Ada Byron")
    terminal.shop.pay(terminal.shop.place_order(buyer=person))
    terminal.shop.place_order(buyer="customer")
    capture_changes(connections.open_store("main"), "customers")
    terminal.sync()

    new = list(terminal.segment.unique().values())[told:]
    assert new
    assert [message for message in new if message.get("userId") == person] == []


def test_a_regulation_is_filed_and_followed_to_its_end(
    terminal: Terminal, person: str, public_api: PublicApiStandIn
) -> None:
    terminal.run("erase", "--customer", person, "--yes")
    shown = [terminal.run("erase", "--status").output]
    for _ in range(2):
        run_regulate(terminal)
        shown.append(terminal.run("erase", "--status").output)
        public_api.advance(7_200)

    asked, filed, finished = shown
    assert "waits to be filed" in asked
    assert f"{public_api.regulations()[0]['id']}" in filed
    assert "INITIALIZED" in filed
    assert "FINISHED" in finished
    assert public_api.suppressed() == [person]
    assert person not in asked + filed + finished


def test_without_a_connection_it_says_so_and_files_once_there_is_one(terminal: Terminal, person: str) -> None:
    result = terminal.run("erase", "--customer", person, "--yes")
    status = terminal.run("erase", "--status").output
    outcome = run_regulate(terminal)
    with PublicApiStandIn() as later:
        terminal.connect_public_api(host=later.url, password=later.token)
        run_regulate(terminal)

        assert later.suppressed() == [person]
    assert result.exit_code == 0
    assert "there is no connection segment_public_api_default" in result.output
    assert "Add the connection, of type Segment Public API with a token as its password" in result.output
    assert "1 wait for a connection segment_public_api_default, which is not there." in status
    assert outcome == {"not filed": 1}


def test_a_store_that_wants_no_regulation_has_none(
    terminal: Terminal, person: str, public_api: PublicApiStandIn
) -> None:
    terminal.settings(SETTINGS + '[stores.main.erasure]\nregulation = "none"\n')

    result = terminal.run("erase", "--customer", person, "--yes")
    run_regulate(terminal)

    assert "commerce.toml says erasure.regulation = 'none'" in result.output
    assert public_api.regulations() == []
    assert terminal.ledger.regulations.all() == []


def test_an_unknown_id_is_buried_and_filed_all_the_same(
    terminal: Terminal, person: str, public_api: PublicApiStandIn
) -> None:
    result = terminal.run("erase", "--customer", "nobody-yet", "--yes")
    terminal.shop.add_customer(id="nobody-yet", email="late@example.com")
    capture_changes(connections.open_store("main"), "customers")
    run_regulate(terminal)

    assert result.exit_code == 0
    assert "Nothing is known of this person at store main." in result.output
    assert "Removed: none" in lines(result.output)
    assert public_api.suppressed() == ["nobody-yet"]
    (told,) = terminal.ledger.reports.of_record("main", "customers", "nobody-yet")
    assert (told.status, told.reason) == ("filtered", "erased")


def test_a_guest_is_erased_here_and_cannot_be_there(terminal: Terminal, public_api: PublicApiStandIn) -> None:
    terminal.shop.place_order(buyer="guest")
    terminal.sync()
    (message,) = terminal.segment.unique().values()

    result = terminal.run("erase", "--customer", message["anonymousId"], "--yes")

    assert "messages accepted 1" in lines(result.output)
    assert "No regulation is filed: Segment erases by userId only, and this is a guest." in result.output
    assert terminal.ledger.regulations.all() == []


def test_people_who_share_an_address_are_told_of_and_named(terminal: Terminal, person: str) -> None:
    twin = terminal.shop.add_customer(email="Ada@example.com ", name="Ada L.")
    capture_changes(connections.open_store("main"), "customers")

    named = terminal.run("ledger", "conflicts")
    result = terminal.run("erase", "--customer", person, "--yes")

    assert f"main email {person} {twin}" in lines(named.output)
    assert "1 of their keys are somebody else's too, who is not erased with them" in result.output


def test_without_a_terminal_and_without_yes_nothing_happens(terminal: Terminal, person: str) -> None:
    before = terminal.rows()

    result = terminal.run("erase", "--customer", person)

    assert result.exit_code == 2
    assert "messages pending 1" in lines(result.output)
    assert "Nothing was changed: there is no terminal to ask on. Add --yes." in result.output
    assert terminal.rows() == before


@pytest.mark.parametrize(("answer", "gone"), [("y", True), ("n", False)])
def test_a_terminal_is_asked(terminal: Terminal, answer: str, gone: bool) -> None:
    who = terminal.shop.add_customer()
    capture_changes(connections.open_store("main"), "customers")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "commerce_events", "erase", "--customer", who]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, text=True)
    os.write(ours, f"{answer}\n".encode())

    output, _ = process.communicate(timeout=60)

    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, output
    assert "Erase this person for good? [y/N]" in output
    assert terminal.ledger.erasures.holds("main", who, terminal.ledger.charter.identity_key()).nothing is gone


def test_what_ended_badly_is_left_to_somebody_until_they_say_so(
    terminal: Terminal, person: str, public_api: PublicApiStandIn
) -> None:
    terminal.run("erase", "--customer", person, "--yes")
    public_api.next_ends("FAILED", Amplitude="FAILED")
    run_regulate(terminal)
    public_api.advance(7_200)
    with pytest.raises(AttentionError, match="erase --status"):
        run_regulate(terminal)
    regulation = str(public_api.regulations()[0]["id"])

    left = terminal.run("erase", "--status").output
    doctor = terminal.run("doctor").output
    again = terminal.run("erase", "--again", regulation)
    run_regulate(terminal)
    second = str(public_api.regulations()[0]["id"])
    done = terminal.run("erase", "--done", second)
    nothing = terminal.run("erase", "--done", second)

    assert "not done by Amplitude" in left
    assert f"main {regulation} {person}" in lines(left)
    assert "1 erasures ended badly" in doctor
    assert "1 people are filed once more" in again.output
    assert "1 ids have left the ledger." in done.output
    assert nothing.exit_code == 1
    assert person not in terminal.run("erase", "--status").output


@pytest.mark.parametrize("given", [[], ["--status", "--customer", "x"], ["--done", "x", "--again", "x"]])
def test_one_thing_is_done_at_a_time(terminal: Terminal, given: list[str]) -> None:
    result = terminal.run("erase", *given)

    assert result.exit_code == 2
    assert "give one of --customer" in result.output


def test_the_status_of_the_ledger_counts_people_and_erasures(terminal: Terminal, person: str) -> None:
    terminal.shop.add_customer(email="Ada@example.com ", name="Ada L.")
    gone = terminal.shop.add_customer()
    capture_changes(connections.open_store("main"), "customers")
    terminal.run("erase", "--customer", gone, "--yes")

    result = terminal.run("ledger", "status")

    said = lines(result.output)
    assert "store known conflicts ids erased" in said
    assert any(line.startswith("main 3 1 ") for line in said), result.output
    assert "main waits to be filed 1" in said
