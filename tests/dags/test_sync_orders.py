"""The DAG from end to end: real Airflow, the stand-ins over HTTP, a ledger on SQLite and on Postgres."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow_runs import run_dag
from sqlalchemy import update

from commerce_events.airflow import connections
from commerce_events.cli.account import draw_up
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import delivery, fact
from commerce_events.sandbox.run import Sandbox

Connect = Callable[..., None]
GREEN = dict.fromkeys(("stores", "capture", "send", "alert", "report"), "success")
MINUTES = 60_000_000


def test_two_runs_account_for_every_order(deployment: Sandbox, ledger: Ledger) -> None:
    first = run_dag("sync_orders")
    deployment.step(30)
    second = run_dag("sync_orders")
    run_dag("sync_customers")  # for those who changed without an order

    assert (first.state, first.tasks) == ("success", GREEN)
    assert (second.state, second.tasks) == ("success", GREEN)
    account = draw_up(ledger, deployment)
    assert account.adds_up, account
    assert account.at_segment > 40


def test_xcom_holds_counts_and_store_names_only(deployment: Sandbox) -> None:
    left = run_dag("sync_orders").xcom

    assert left.pop("stores.return_value") == ["main"]
    assert left
    assert all(is_counts(value) for value in left.values()), left


def is_counts(value: Any) -> bool:
    return isinstance(value, int) or all(isinstance(count, int) for count in value.values())


def break_stores(sandbox: Sandbox, connect: Connect, include: Path) -> None:
    (include / "commerce.toml").write_text("[stores.main]\nnonsense = 1\n")


def break_capture(sandbox: Sandbox, connect: Connect, include: Path) -> None:
    connect("elasticpath_default", password="not-the-secret")


def break_send(sandbox: Sandbox, connect: Connect, include: Path) -> None:
    connect("segment_default", password="")


def break_alert(sandbox: Sandbox, connect: Connect, include: Path) -> None:
    """Everything is late, and whoever should hear of it cannot be reached."""
    connect("nobody", conn_type="http", host="http://127.0.0.1:9")
    sandbox.store.put_raw({**sandbox.store.orders()[0], "id": "unreadable", "status": 7})
    with (include / "commerce.toml").open("a") as settings:
        settings.write("\n[alerts.quarantine_share]\nwarning = 0.0\n[alerts.notify]\nwebhook = 'nobody'\n")


def break_report(sandbox: Sandbox, connect: Connect, include: Path) -> None:
    """An order that cannot be read, where none is tolerated."""
    sandbox.store.put_raw({**sandbox.store.orders()[0], "id": "unreadable", "status": 7})
    with (include / "commerce.toml").open("a") as settings:
        settings.write("\n[health]\nquarantine_share = 0.0\nquarantine_rows = 1\n")


def break_silence(sandbox: Sandbox, connect: Connect, include: Path) -> None:
    """An order that a poll found twenty minutes ago, where the store should have told of it."""
    sandbox.store.pay(sandbox.store.place_order(buyer="guest"))
    run_dag("sync_orders")
    with connections.open_ledger().engine.begin() as ledger:
        ledger.execute(update(fact).values(captured_at=fact.c.captured_at - 20 * MINUTES))
        ledger.execute(update(delivery).values(recorded_at=delivery.c.recorded_at - 20 * MINUTES))
    with (include / "commerce.toml").open("a") as settings:
        settings.write("\n[stores.main.events]\nexpected = true\nsilence_changes = 1\n")


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("broken", "task"),
    [
        (break_stores, "stores"),
        (break_capture, "capture"),
        (break_send, "send"),
        (break_alert, "alert"),
        (break_report, "report"),
        (break_silence, "report"),
    ],
)
def test_a_broken_task_makes_the_run_red(
    deployment: Sandbox,
    connect: Connect,
    include: Path,
    broken: Callable[[Sandbox, Connect, Path], None],
    task: str,
) -> None:
    broken(deployment, connect, include)

    run = run_dag("sync_orders")

    assert run.tasks[task] == "failed", run.tasks
    assert run.state == "failed"
