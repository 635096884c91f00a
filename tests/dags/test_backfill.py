"""The DAG `backfill` from end to end: real Airflow, the stand-ins over HTTP, a ledger."""

from pathlib import Path
from typing import Any

import pytest
from airflow_runs import run_dag

from commerce_events.airflow import backfills
from commerce_events.cli.stand_ins import SETTINGS
from commerce_events.domain.plans import Stage
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.run import Sandbox

pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
DONE = {
    "plan": "success",
    "questions": "success",
    "approve": "skipped",
    "begin": "success",
    "capture": "success",
    "send": "success",
    "verify": "success",
}


@pytest.fixture
def form(deployment: Sandbox) -> dict[str, Any]:
    """All that the store has, up to now."""
    now = deployment.store.clock.replace(microsecond=0)
    return {"from": "2000-01-01", "to": now.isoformat(), "streams": ["customers", "orders"], "fence_hours": 0}


def test_a_run_tells_every_record_of_the_span(
    deployment: Sandbox, ledger: Ledger, form: dict[str, Any]
) -> None:
    run = run_dag("backfill", **form)

    assert (run.state, run.tasks) == ("success", DONE)
    [plan] = ledger.plans.latest(5)
    assert plan.stage is Stage.CAPTURED
    assert plan.read == len(deployment.store.order_ids()) + len(deployment.store.customer_ids())
    told = deployment.segment.unique().values()
    assert {one["context"]["backfill"]["id"] for one in told} == {plan.id}
    assert {one["integrations"]["All"] for one in told} == {False}


def test_a_span_that_cannot_be_is_refused_before_any_work(
    deployment: Sandbox, ledger: Ledger, form: dict[str, Any]
) -> None:
    run = run_dag("backfill", **{**form, "from": form["to"]})

    assert (run.state, run.tasks["plan"], run.tasks["verify"]) == ("failed", "failed", "upstream_failed")
    assert ledger.plans.latest(5) == []


def test_a_dry_run_leaves_nothing_behind(deployment: Sandbox, ledger: Ledger, form: dict[str, Any]) -> None:
    run = run_dag("backfill", **{**form, "dry_run": True})

    assert (run.state, run.tasks["capture"], run.tasks["send"]) == ("success", "skipped", "skipped")
    assert (ledger.plans.latest(5), ledger.reports.records()) == ([], [])
    assert deployment.segment.received() == []


def test_a_dry_run_of_a_kept_plan_asks_nobody_and_begins_nothing(
    deployment: Sandbox, ledger: Ledger, form: dict[str, Any], include: Path
) -> None:
    (include / "commerce.toml").write_text(f"{SETTINGS}\n[backfill]\napproval_above = 1\n")
    kept = backfills.planned(backfills.wish_of({"store": "main", **form}), ledger)

    run = run_dag("backfill", plan=kept.id, dry_run=True)

    assert (run.state, run.tasks["approve"], run.tasks["capture"]) == ("success", "skipped", "skipped")
    assert [one.stage for one in ledger.plans.latest(5)] == [Stage.PLANNED]
    assert deployment.segment.received() == []
