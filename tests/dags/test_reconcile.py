"""Reconciling in a real Airflow: what was lost is found and healed, and a broken task makes the run red."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from airflow_runs import run_dag
from sqlalchemy import delete

from commerce_events.ledger.found import State
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import record
from commerce_events.sandbox.run import Sandbox

Connect = Callable[..., None]
on_sqlite = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
TASKS = (
    "streams",
    "stores",
    "destinations",
    "compare",
    "refunds",
    "send",
    "arrivals",
    "report",
)
GREEN = dict.fromkeys(TASKS, "success")
LONG_AGO = date(2000, 1, 1)


def forget(ledger: Ledger, *orders: str) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(delete(record).where(record.c.record_id.in_(orders)))


@on_sqlite  # on Postgres too in proofs/test_reconcile.py, without Airflow
def test_what_the_ledger_lost_is_healed_and_the_second_run_finds_nothing(
    deployment: Sandbox, ledger: Ledger
) -> None:
    run_dag("sync_orders")
    recent = max(deployment.store.orders(), key=lambda each: each["meta"]["timestamps"]["created_at"])
    forget(ledger, recent["id"])

    first = run_dag("reconcile", since=recent["meta"]["timestamps"]["created_at"][:10])
    second = run_dag("reconcile")

    assert (first.state, first.tasks) == ("success", GREEN)
    assert [(each.record_id, each.state) for each in ledger.findings.gaps(LONG_AGO)] == [
        (recent["id"], State.HEALED)
    ]
    assert (second.state, second.tasks) == ("success", GREEN)
    assert all(day.accounted == day.in_store for day in ledger.findings.days(LONG_AGO))


@on_sqlite
def test_without_a_public_api_only_stores_are_compared(
    deployment: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SEGMENT_PUBLIC_API_DEFAULT")
    run_dag("sync_orders")

    run = run_dag("reconcile")

    assert (run.state, run.tasks) == ("success", {**GREEN, "arrivals": "skipped"})


@on_sqlite
def test_xcom_holds_counts_and_names_only(deployment: Sandbox) -> None:
    run_dag("sync_orders")

    left = run_dag("reconcile").xcom

    assert left["streams.return_value"] == ["main/orders", "main/customers"]
    counts = {name: value for name, value in left.items() if not isinstance(value, list)}
    assert counts
    assert all(isinstance(n, int) for value in counts.values() for n in _numbers(value)), counts


def _numbers(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else [value]


def break_streams(connect: Connect, include: Path, sandbox: Sandbox) -> None:
    (include / "commerce.toml").write_text("[stores.main]\nnonsense = 1\n")


def break_compare(connect: Connect, include: Path, sandbox: Sandbox) -> None:
    connect("elasticpath_default", password="not-the-secret")


def break_send(connect: Connect, include: Path, sandbox: Sandbox) -> None:
    connect("segment_default", password="")


def break_arrivals(connect: Connect, include: Path, sandbox: Sandbox) -> None:
    connect("segment_default", password="a-key-of-another-workspace")


@on_sqlite
@pytest.mark.parametrize("broken", [break_streams, break_compare, break_send, break_arrivals])
def test_a_broken_task_makes_the_run_red(
    deployment: Sandbox, connect: Connect, include: Path, broken: Callable[..., None]
) -> None:
    run_dag("sync_orders")
    broken(connect, include, deployment)

    run = run_dag("reconcile")

    assert run.tasks[broken.__name__.removeprefix("break_")] == "failed", run.tasks
    assert run.state == "failed"
