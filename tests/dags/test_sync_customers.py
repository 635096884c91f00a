"""People from end to end: real Airflow, the stand-ins over HTTP, a ledger on SQLite and on Postgres."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow_runs import run_dag

from commerce_events.airflow import connections
from commerce_events.cli.account import draw_up
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.run import Sandbox
from commerce_events.steps.erase import erase_person

Connect = Callable[..., None]
on_sqlite = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
TASKS = ("streams", "capture", "send", "regulate", "report")
GREEN = dict.fromkeys(TASKS, "success")


def people(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Who Segment has heard of, with all traits that were ever told."""
    found: dict[str, dict[str, Any]] = {}
    for message in sandbox.segment.unique().values():
        if message["type"] == "identify":
            found.setdefault(message["userId"], {}).update(message["traits"])
    return found


def test_both_dags_account_for_every_order_and_customer(deployment: Sandbox, ledger: Ledger) -> None:
    first = run_dag("sync_customers")
    run_dag("sync_orders")
    deployment.step(40)
    run_dag("sync_orders")
    last = run_dag("sync_customers")

    assert (first.state, first.tasks, last.state, last.tasks) == ("success", GREEN, "success", GREEN)
    account = draw_up(ledger, deployment)
    assert account.adds_up, account
    assert people(deployment).keys() >= set(deployment.store.customer_ids())


@on_sqlite
def test_an_account_notices_a_person_told_wrongly(deployment: Sandbox, ledger: Ledger) -> None:
    run_dag("sync_orders")
    assert draw_up(ledger, deployment).adds_up

    deployment.store.edit_customer(deployment.store.customer_ids()[0], name="Somebody Else")

    assert draw_up(ledger, deployment).lost == 1


@on_sqlite
def test_both_kinds_of_people_are_streams_of_their_own(deployment: Sandbox, include: Path) -> None:
    settings = include / "commerce.toml"
    both = settings.read_text().replace("start =", 'people = ["customers", "account_members"]\nstart =')
    settings.write_text(both)

    run = run_dag("sync_customers")

    assert run.state == "success"
    assert run.xcom["streams.return_value"] == ["main/customers", "main/account_members"]
    everybody = {*deployment.store.customer_ids(), *deployment.store.account_member_ids()}
    assert people(deployment).keys() == everybody


@on_sqlite
def test_a_store_without_people_is_no_trouble(deployment: Sandbox, include: Path) -> None:
    settings = include / "commerce.toml"
    settings.write_text(settings.read_text().replace("start =", "people = []\nstart ="))

    run = run_dag("sync_customers")

    assert run.state == "success"
    assert run.tasks == {**GREEN, "capture": "skipped"}


def test_the_erased_are_erased_at_segment_too(deployment: Sandbox, ledger: Ledger) -> None:
    run_dag("sync_customers")
    gone, *_ = deployment.store.customer_ids()
    erase_person(connections.open_store("main"), gone)

    run_dag("sync_customers")
    deployment.store.edit_customer(gone, name="Back Again")
    deployment.public_api.advance(7_200)
    run = run_dag("sync_customers")

    assert deployment.public_api.suppressed() == [gone]
    assert run.xcom["regulate.return_value"] == {"finished": 1}
    assert [one.status for one in ledger.regulations.all()] == ["FINISHED"]
    assert people(deployment)[gone].get("name") != "Back Again"


@on_sqlite
def test_xcom_holds_counts_and_names_of_streams_only(deployment: Sandbox) -> None:
    left = run_dag("sync_customers").xcom

    assert left.pop("streams.return_value") == ["main/customers"]
    assert left
    assert all(is_counts(value) for value in left.values()), left


def is_counts(value: Any) -> bool:
    return isinstance(value, int) or all(isinstance(count, int) for count in value.values())


def break_streams(connect: Connect, include: Path) -> None:
    (include / "commerce.toml").write_text("[stores.main]\nnonsense = 1\n")


def break_capture(connect: Connect, include: Path) -> None:
    connect("elasticpath_default", password="not-the-secret")


def break_send(connect: Connect, include: Path) -> None:
    connect("segment_default", password="")


def break_regulate(connect: Connect, include: Path) -> None:
    with (include / "commerce.toml").open("a") as settings:
        settings.write('\n[stores.main.erasure]\nconnection = "nobody_made_it"\n')


@on_sqlite
@pytest.mark.parametrize("broken", [break_streams, break_capture, break_send, break_regulate])
def test_a_broken_task_makes_the_run_red(
    deployment: Sandbox, connect: Connect, include: Path, broken: Callable[[Connect, Path], None]
) -> None:
    broken(connect, include)

    run = run_dag("sync_customers")

    assert run.tasks[broken.__name__.removeprefix("break_")] == "failed", run.tasks
    assert run.state == "failed"
