"""`commerce-events webhooks`: made, looked at, repaired and removed from a terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from doorstep import Doorstep
from terminal import Terminal

from commerce_events.sandbox.faults import status

PATH = "/commerce-events/webhooks/elasticpath/main"
URL = f"https://airflow.example.com{PATH}"
SECRET = "a-secret-that-nobody-guesses"


@pytest.fixture
def door() -> Iterator[Doorstep]:
    with Doorstep() as found:
        yield found


@pytest.fixture
def agreed(terminal: Terminal) -> Terminal:
    """A terminal whose store has a webhook secret."""
    terminal.connect_store(extra={"requests_per_second": 1000, "webhook_secret": SECRET})
    terminal.shop.announcer.manners.pauses = ()
    return terminal


def lines(output: str) -> list[str]:
    return [" ".join(line.split()) for line in output.splitlines()]


def test_a_store_is_made_to_tell_us_and_says_so(agreed: Terminal, door: Doorstep) -> None:
    made = agreed.run("webhooks", "register", "--url", f"{door.url}{PATH}")
    agreed.shop.place_order(buyer="guest")
    agreed.shop.announcer.wait()
    seen = agreed.run("webhooks", "status")

    assert (made.exit_code, seen.exit_code) == (0, 0), made.output + seen.output
    assert " ".join(made.output.split()).count("create commerce-events main") == 2
    assert seen.output.count("as registered") == 2
    assert "commerce-events main 1 1 0 0" in lines(seen.output)
    assert door.triggers() == ["order.created"]
    assert door.arrived()[0].headers["x-moltin-secret-key"] == SECRET
    assert SECRET not in made.output + seen.output


def test_a_second_time_there_is_nothing_to_do(agreed: Terminal) -> None:
    agreed.run("webhooks", "register", "--url", URL)

    again = agreed.run("webhooks", "register", "--url", URL)

    assert again.exit_code == 0
    assert "The store tells us of everything." in again.output


def test_a_dry_run_writes_nothing(agreed: Terminal) -> None:
    result = agreed.run("webhooks", "register", "--url", URL, "--dry-run")

    assert "order.paid" in result.output
    assert agreed.shop.integrations.all() == []


def test_what_was_changed_at_the_store_is_found_and_repaired(agreed: Terminal) -> None:
    agreed.run("webhooks", "register", "--url", URL)
    agreed.shop.integrations.update(agreed.shop.integrations.all()[1]["id"], {"enabled": False})

    seen = agreed.run("webhooks", "status")
    agreed.run("webhooks", "register", "--url", URL)

    assert seen.exit_code == 1
    assert "it is switched off" in seen.output
    assert agreed.run("webhooks", "status").exit_code == 0


def test_what_did_not_arrive_is_told_with_its_time_and_reason(agreed: Terminal, door: Doorstep) -> None:
    agreed.run("webhooks", "register", "--url", f"{door.url}{PATH}")
    door.faults.next(status(503))
    agreed.shop.place_order(buyer="guest")
    agreed.shop.announcer.wait()

    seen = agreed.run("webhooks", "status")

    assert seen.exit_code == 1
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert any(f"main 1 0 1 1 {today}" in line and line.endswith(": 503") for line in lines(seen.output))
    assert "Received a status code outside of 2xx range" in seen.output
    assert "found by the next poll" in seen.output


def test_what_arrived_at_a_later_attempt_is_no_loss(agreed: Terminal, door: Doorstep) -> None:
    agreed.shop.announcer.manners.pauses = (0.01,)
    agreed.run("webhooks", "register", "--url", f"{door.url}{PATH}")
    door.faults.next(status(503))
    agreed.shop.place_order(buyer="guest")
    agreed.shop.announcer.wait()

    seen = agreed.run("webhooks", "status")

    assert seen.exit_code == 0, seen.output
    assert any("main 1 1 1 0" in line for line in lines(seen.output))


def test_removal_asks_and_leaves_others_alone(agreed: Terminal) -> None:
    theirs = agreed.shop.integrations.webhook("https://example.com", "theirs", "order.paid")
    agreed.run("webhooks", "register", "--url", URL)

    refused = agreed.run("webhooks", "remove")
    left = len(agreed.shop.integrations.all())
    done = agreed.run("webhooks", "remove", "--yes")

    assert (refused.exit_code, left) == (2, 3)
    assert done.exit_code == 0, done.output
    assert [each["id"] for each in agreed.shop.integrations.all()] == theirs


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"http://airflow.example.com{PATH}", "must begin with https://"),
        (f"https://me:pass@airflow.example.com{PATH}", "nothing that says who asks"),
        (f"https://airflow.example.com{PATH}?key=1", "nothing that says who asks"),
        ("https://airflow.example.com/", f"must end in {PATH}"),
        ("https://airflow.example.com/commerce-events/webhooks/elasticpath/other", f"must end in {PATH}"),
        ("https://[", "is no address"),
    ],
)
def test_an_address_that_cannot_be_the_door_is_refused(agreed: Terminal, url: str, says: str) -> None:
    result = agreed.run("webhooks", "register", "--url", url)

    assert result.exit_code == 2
    assert says in result.output
    assert agreed.shop.integrations.all() == []


@pytest.mark.parametrize(
    ("secret", "says"),
    [(None, "has no webhook_secret"), ("short", "16 or more"), ("héhéhéhéhéhéhéhéhé", "ASCII")],
)
def test_a_secret_that_cannot_serve_is_refused(terminal: Terminal, secret: str | None, says: str) -> None:
    terminal.connect_store(extra={"requests_per_second": 1000, "webhook_secret": secret})

    result = terminal.run("webhooks", "register", "--url", URL)

    assert result.exit_code == 2
    assert says in result.output
    assert "secrets.token_urlsafe" in result.output
    assert str(secret) not in result.output


def test_a_store_that_is_not_there_is_named(agreed: Terminal) -> None:
    result = agreed.run("webhooks", "status", "--store", "other")

    assert result.exit_code == 2
    assert "has no store 'other'" in result.output
