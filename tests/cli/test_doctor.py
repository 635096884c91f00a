"""`commerce-events doctor`: each check says what is wrong and what to do, and later ones still run."""

import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import URL, text
from terminal import SETTINGS, Terminal

from commerce_events.airflow.pools import BACKFILL, COMMAND
from commerce_events.config import DEMO_NAMESPACE
from commerce_events.sandbox.faults import HTML_OK
from commerce_events.sandbox.public_api import PublicApiStandIn
from commerce_events.sandbox.segment import DEFAULT_KEY

ALL = (
    "commerce.toml",
    "contracts",
    "templates",
    "ledger",
    "pool",
    "store main: namespace",
    "store main: connection",
    "store main: clock",
    "store main: erasure",
    "destination segment",
    "write key of segment",
    "people",
    "waiting for a person",
    "last 24 hours",
)


def verdicts(output: str) -> dict[str, str]:
    """Each check's verdict, by its name."""
    lines = re.findall(r"^(ok|failed|skipped) +(.{1,25}?)  +\S", output, flags=re.MULTILINE)
    return {what: verdict for verdict, what in lines}


def test_a_good_deployment_passes_everything(terminal: Terminal) -> None:
    terminal.shop.place_order()
    terminal.sync()

    result = terminal.run("doctor", "--golden")

    assert result.exit_code == 0, result.output
    assert verdicts(result.output) == dict.fromkeys((*ALL, "golden cases"), "ok")
    assert "logs in and reads an order" in result.output


def test_a_checkup_changes_nothing(terminal: Terminal) -> None:
    terminal.shop.place_order()
    before = terminal.rows()

    terminal.run("doctor")

    assert terminal.rows() == before
    assert terminal.segment.unique() == {}


def test_what_cannot_be_known_of_a_write_key_is_said(terminal: Terminal) -> None:
    terminal.connect_segment(password="well-formed-and-nobodys")

    result = terminal.run("doctor")

    assert result.exit_code == 0
    assert "Whether the write key is right cannot be told" in result.output


def test_with_a_public_api_a_write_key_that_leads_nowhere_is_found(terminal: Terminal) -> None:
    with PublicApiStandIn(terminal.segment) as public_api:
        terminal.connect_public_api(host=public_api.url, password=public_api.token)
        good = terminal.run("doctor")
        terminal.connect_segment(password="well-formed-and-nobodys")
        bad = terminal.run("doctor")

    assert good.exit_code == 0, good.output
    assert "belongs to Segment's source Source 1" in good.output
    assert bad.exit_code == 1
    assert "belongs to no source of the workspace" in bad.output
    assert "well-formed-and-nobodys" not in bad.output


@pytest.fixture
def resize(airflow_database: None) -> Iterator[Callable[[int | None], None]]:
    """Give the pool of backfills so many slots; None: take it away."""
    from airflow.models.pool import Pool

    def resize(slots: int | None) -> None:
        if slots is None:
            Pool.delete_pool(BACKFILL)
        else:
            Pool.create_or_update_pool(BACKFILL, slots, "", include_deferred=False)

    yield resize
    resize(4)


@pytest.mark.parametrize(("slots", "said"), [(None, "there is no pool"), (0, "there are no slots in pool")])
def test_without_a_pool_backfills_would_wait_for_ever(
    terminal: Terminal, resize: Callable[[int | None], None], slots: int | None, said: str
) -> None:
    terminal.run("ledger", "migrate")
    resize(slots)

    result = terminal.run("doctor")

    assert {what for what, verdict in verdicts(result.output).items() if verdict != "ok"} == {"pool"}
    assert f"{said} {BACKFILL}, so no window of a backfill is read: `{COMMAND}`" in result.output


def nobody_listens() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def unknown_keys(terminal: Terminal) -> None:
    terminal.settings(SETTINGS + "destinatons = 1\n[helth]\n")


def broken_templates(terminal: Terminal) -> None:
    for name in ("order_completed", "order_cancelled"):
        (terminal.include / f"templates/segment/elasticpath/{name}.jsonata").write_text('{"a": ')


def broken_contract(terminal: Terminal) -> None:
    (terminal.include / "contracts/segment/order_completed.schema.json").write_text('{"type": "objet"}')


def moved_namespace(terminal: Terminal) -> None:
    terminal.sync()
    terminal.settings(SETTINGS.replace("0f2c6a53", "1f2c6a53"))


def demo_namespace_at_a_real_store(terminal: Terminal) -> None:
    terminal.settings(re.sub('namespace = ".*"', f'namespace = "{DEMO_NAMESPACE}"', SETTINGS))
    terminal.connect_store(host="https://store.invalid")


def late_clock(terminal: Terminal) -> None:
    terminal.shop.clock = datetime.now(UTC) + timedelta(hours=1)


def dead_letter(terminal: Terminal) -> None:
    terminal.shop.place_order()
    terminal.capture()
    now = datetime.now(UTC)
    terminal.ledger.lanes.prepare("segment")
    terminal.ledger.outbox.expire("segment", now + timedelta(days=1), now)


def unsent_for_hours(terminal: Terminal) -> None:
    terminal.shop.place_order()
    terminal.capture()
    two_hours = 2 * 3600 * 1_000_000
    with terminal.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE delivery SET recorded_at = recorded_at - :ago"), {"ago": two_hours})


def other_recipe(terminal: Terminal) -> None:
    with terminal.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE meta SET value = '0' WHERE key = 'recipe'"))


@pytest.mark.parametrize(
    ("spoil", "failed", "said"),
    [
        (
            unknown_keys,
            {"commerce.toml"},
            ["stores.main.lines.destinatons: unknown key", "helth: unknown key, did you mean 'health'"],
        ),
        (
            broken_templates,
            {"templates"},
            ["order_completed.jsonata: line 1", "order_cancelled.jsonata: line 1"],
        ),
        (
            broken_contract,
            {"contracts"},
            ["order_completed.schema.json: not a schema at $.type"],
        ),
        (
            lambda terminal: terminal.connect_store(host=nobody_listens()),
            {"store main: connection"},
            ["cannot be reached", "the host is from connection elasticpath_default"],
        ),
        (
            lambda terminal: terminal.connect_store(password="n0t-it"),
            {"store main: connection"},
            ["refused the client id and secret of connection elasticpath_default (401)", "check its login"],
        ),
        (
            lambda terminal: terminal.shop.faults.always(HTML_OK, where=lambda path: "oauth" not in path),
            {"store main: connection"},
            ["GET /v2/orders: Elastic Path answered 200 with a body that is not JSON (text/html)"],
        ),
        (
            lambda terminal: terminal.connect_store(login=""),
            {"store main: namespace", "store main: connection"},
            ["elasticpath_default: login is empty; it must be the client id"],
        ),
        (
            lambda terminal: terminal.connect_segment(password=""),
            {"destination segment"},
            ["segment_default: password is empty; it must be the write key"],
        ),
        (
            lambda terminal: terminal.connect_segment(password="two words"),
            {"destination segment"},
            ["segment_default: password is no write key"],
        ),
        (
            lambda terminal: terminal.connect_segment(password="short"),
            {"destination segment"},
            ["connection segment_default: Segment refuses the write key"],
        ),
        (
            lambda terminal: terminal.connect_segment(host=nobody_listens()),
            {"destination segment"},
            ["connection segment_default: Segment cannot be reached"],
        ),
        (
            moved_namespace,
            {"store main: namespace"},
            ["stores.main.namespace is 1f2c6a53", "filled with 0f2c6a53", "Restore the old value"],
        ),
        (
            demo_namespace_at_a_real_store,
            {"store main: namespace", "store main: connection"},
            ["stores.main.namespace is the sandbox's own", "uuid.uuid4()"],
        ),
        (late_clock, {"store main: clock"}, ["seconds behind the store's: set it"]),
        (dead_letter, {"waiting for a person"}, ["dead 1", "`commerce-events replay --dry-run`"]),
        (unsent_for_hours, {"last 24 hours"}, ["the oldest message has waited 120 minutes"]),
        (
            lambda terminal: terminal.connect_public_api(host=nobody_listens(), password="t0ken"),
            {"store main: erasure", "write key of segment"},
            ["connection segment_public_api_default: GET /echo", "unreachable"],
        ),
        (
            lambda terminal: terminal.settings(SETTINGS + '[stores.main.erasure]\nconnection = "typo"\n'),
            {"store main: erasure"},
            ["Airflow has no connection typo: add it under Admin > Connections"],
        ),
        (other_recipe, {"ledger"}, ["ids follow recipe 0, this version computes recipe 1"]),
        (
            lambda terminal: terminal.connect("commerce_ledger", conn_type="mysql", host="x"),
            {"ledger"},
            ["commerce_ledger: type is mysql; a ledger is postgres or sqlite"],
        ),
    ],
)
def test_a_failed_check_says_what_to_do_and_the_others_still_run(
    terminal: Terminal, spoil: Callable[[Terminal], None], failed: set[str], said: list[str]
) -> None:
    spoil(terminal)

    result = terminal.run("doctor")

    found = verdicts(result.output)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert {what for what, verdict in found.items() if verdict == "failed"} == failed
    assert [words for words in said if words not in result.output] == []
    assert {"contracts", "ledger", "waiting for a person"} <= found.keys()
    assert not {word for word in ("n0t-it", "two words", DEFAULT_KEY) if word in result.output}


def test_what_becomes_of_the_erased_is_told(terminal: Terminal) -> None:
    without = terminal.run("doctor").output
    with PublicApiStandIn(terminal.segment) as public_api:
        terminal.connect_public_api(host=public_api.url, password=public_api.token)
        reached = terminal.run("doctor").output
        terminal.connect_public_api(host=public_api.url, password="an0ther")
        refused = terminal.run("doctor").output
    terminal.settings(SETTINGS + '[stores.main.erasure]\nregulation = "none"\n')
    unwanted = terminal.run("doctor").output

    assert "there is no connection segment_public_api_default: who is erased here stays" in without
    assert "Segment's Public API accepts the token" in reached
    assert "Segment is not asked to erase anybody" in unwanted
    found = [verdicts(said)["store main: erasure"] for said in (without, reached, refused, unwanted)]
    assert found == ["ok", "ok", "failed", "ok"]
    assert "an0ther" not in refused


def test_people_who_share_an_address_are_counted(terminal: Terminal) -> None:
    for spelling in ("ada@example.com", "Ada@Example.com"):
        terminal.shop.add_customer(email=spelling)
    terminal.sync()

    result = terminal.run("doctor")

    assert "conflicts 1; `commerce-events ledger conflicts` names them" in result.output
    assert verdicts(result.output)["people"] == "ok"


def test_a_postgres_ledger_that_nobody_migrated_says_which_command(
    terminal: Terminal, postgres_server: URL
) -> None:
    terminal.connect_postgres(postgres_server)

    result = terminal.run("doctor")

    assert verdicts(result.output)["ledger"] == "failed"
    assert "run `commerce-events ledger migrate`" in result.output


def test_a_database_that_does_not_answer_is_named_without_its_password(terminal: Terminal) -> None:
    port = int(nobody_listens().rpartition(":")[2])
    fields = {"host": "127.0.0.1", "port": port, "login": "u", "password": "s3cret", "schema": "ledger"}
    terminal.connect("commerce_ledger", conn_type="postgres", **fields)

    result, status = terminal.run("doctor"), terminal.run("ledger", "status")

    assert verdicts(result.output)["ledger"] == "failed"
    assert (result.exit_code, status.exit_code) == (1, 2)
    for output in (result.output, status.output):
        assert "The ledger's database cannot be used: " in output
        assert "s3cret" not in output


def test_unreadable_records_and_how_to_read_them_again_are_told(terminal: Terminal) -> None:
    whole = terminal.shop.order(terminal.shop.place_order())
    terminal.shop.put_raw({**whole, "id": "broken", "payment": None})
    terminal.sync()

    result = terminal.run("doctor")

    assert "unreadable records 1; `commerce-events replay --rejects` reads them again" in result.output


def test_a_ledger_that_is_no_database_is_told_in_a_line(terminal: Terminal) -> None:
    terminal.ledger.engine.dispose()
    terminal.ledger_file.write_bytes(b"a photograph, perhaps" * 100)

    status, doctor = terminal.run("ledger", "status"), terminal.run("doctor")

    said = "The ledger's database cannot be used: file is not a database"
    assert (status.exit_code, status.output) == (2, f"{said}\n")
    assert verdicts(doctor.output)["ledger"] == "failed", "and the other checks still run"
    assert "file is not a database" in doctor.output
