"""A shadow beside another integration: everything is recorded and written down, and nobody is told."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL
from terminal import SETTINGS, Terminal

SHADOW = """
[destinations.shadow]
kind = "shadow"
folder = "{folder}"
"""
ALONE = SETTINGS.replace("[stores.main]\n", '[stores.main]\ndestinations = ["shadow"]\n')


@pytest.fixture
def shadowed(terminal: Terminal, tmp_path: Path) -> Terminal:
    """A store that is told to a shadow alone, with a paid order of a guest."""
    terminal.settings(ALONE + SHADOW.format(folder=tmp_path / "shadow"))
    order = terminal.shop.place_order(buyer="guest", currency="USD")
    terminal.shop.pay(order)
    return terminal


def written(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]


def theirs(folder: Path, messages: list[dict[str, Any]]) -> str:
    """What the Hub would have sent in their place: a guest called by their address, and updates all along."""
    said = []
    for message in messages:
        email = message["context"]["traits"]["email"]
        plain = {key: message[key] for key in ("type", "event", "timestamp", "properties")}
        said += [{**plain, "anonymousId": email}, {**plain, "event": "Order Updated", "anonymousId": email}]
    path = folder / "theirs.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in said))
    return str(path)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_all_is_recorded_as_if_it_were_sent_and_stands_in_its_owners_file(
    shadowed: Terminal, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "postgres":
        url: URL = request.getfixturevalue("postgres_url")
        shadowed.connect_postgres(url)

    outcome = shadowed.sync()

    (file,) = (tmp_path / "shadow").iterdir()
    assert outcome["accepted"] == 2
    assert [message["event"] for message in written(tmp_path / "shadow")] == [
        "Checkout Started",
        "Order Completed",
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert shadowed.segment.requests.total == 0
    assert [line.status for line in shadowed.ledger.reports.by_message()] == ["accepted", "accepted"]


def test_beside_a_real_destination_a_shadow_never_shares_its_ids(terminal: Terminal, tmp_path: Path) -> None:
    both = SETTINGS.replace("[stores.main]\n", '[stores.main]\ndestinations = ["shadow", "segment"]\n')
    terminal.settings(both + "[destinations.segment]\n" + SHADOW.format(folder=tmp_path / "shadow"))
    order = terminal.shop.place_order(buyer="guest")

    terminal.sync()

    (real,), (shadow,) = terminal.segment.unique().values(), written(tmp_path / "shadow")
    ids = {
        row.destination: str(row.event_id)
        for row in terminal.ledger.reports.of_record("main", "orders", order)
    }
    assert real["messageId"] == ids["segment"] != shadow["messageId"]
    assert {**shadow, "messageId": real["messageId"]} == {k: v for k, v in real.items() if k != "sentAt"}


def test_the_two_are_compared_and_known_differences_counted_apart(shadowed: Terminal, tmp_path: Path) -> None:
    shadowed.sync()
    messages = written(tmp_path / "shadow")
    path = theirs(tmp_path, messages)

    result = shadowed.run("shadow", "diff", path)

    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    order = messages[0]["properties"]["order_id"]
    assert result.exit_code == 0, result.output
    assert "Order Completed 1 0 0 0" in lines
    assert "Order Updated 0 0 2 0" in lines
    assert f"what a guest is called 2 {order}" in lines
    assert f"updates that repeat what another message tells 2 {order}" in lines
    assert "Other differences: none" in lines
    assert messages[0]["context"]["traits"]["email"] not in result.output


def test_another_difference_is_a_finding_and_its_values_are_shown_on_request(
    shadowed: Terminal, tmp_path: Path
) -> None:
    shadowed.sync()
    messages = written(tmp_path / "shadow")
    messages[1]["properties"] = {**messages[1]["properties"], "coupon": "SECRET10"}
    path = theirs(tmp_path, [messages[1]])

    plainly = shadowed.run("shadow", "diff", path)
    openly = shadowed.run("shadow", "diff", path, "--values", "--ours", str(tmp_path / "shadow"))

    order = messages[1]["properties"]["order_id"]
    assert (plainly.exit_code, openly.exit_code) == (1, 1)
    assert "$.properties.coupon" in plainly.output
    assert "SECRET10" not in plainly.output
    assert "SECRET10" in openly.output
    assert f"Checkout Started, only ours (1): {order}" in plainly.output


def test_without_a_shadow_ours_must_be_named(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "theirs.jsonl").write_text('{"type": "track"}\n')

    result = terminal.run("shadow", "diff", str(tmp_path / "theirs.jsonl"))

    assert result.exit_code == 2
    assert "name one by --ours" in result.output


def test_the_doctor_looks_whether_others_can_read_it(shadowed: Terminal, tmp_path: Path) -> None:
    before = shadowed.run("doctor")
    (tmp_path / "shadow").mkdir(mode=0o755)
    after = shadowed.run("doctor")

    assert "a shadow in" in before.output
    assert "others can read" in after.output
