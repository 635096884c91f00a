"""A person says no, and then yes, to a backfill in a real Airflow, as its pages do it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from component_airflow import PATIENCE, ComponentAirflow, component_airflow, wait_until
from sqlalchemy import URL

from commerce_events.airflow.components import password
from commerce_events.cli.stand_ins import SETTINGS
from commerce_events.domain.plans import Stage
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.run import Sandbox

CAREFUL = f"{SETTINGS}\n[backfill]\napproval_above = 3\n"
READING = 3.0  # seconds; an answer that overtakes the scheduler's own news of the question is asked for again
SPAN = {"from": "2000-01-01", "fence_hours": 0}


class Pages:
    """What Airflow's pages ask of its API, logged in as admin."""

    def __init__(self, airflow: ComponentAirflow) -> None:
        self.airflow, self.url = airflow, f"{airflow.local.url}/api/v2"
        self.session = requests.Session()
        self.session.trust_env = False
        login = {"username": "admin", "password": password(airflow.local)}
        token = self.session.post(f"{airflow.local.url}/auth/token", json=login, timeout=PATIENCE).json()
        self.session.headers["Authorization"] = f"Bearer {token['access_token']}"

    def start(self, **form: Any) -> str:
        """The path of a new run."""
        runs = "/dags/backfill/dagRuns"
        wait_until(lambda: "error" not in self.ask("GET", "/dags/backfill"), self.airflow.last_words)
        return f"{runs}/{self.ask('POST', runs, {'logical_date': None, 'conf': form})['dag_run_id']}"

    def answer(self, run: str, option: str) -> str:
        """Choose once a person is asked; the question."""
        asked: list[dict[str, Any]] = []

        def is_asked() -> bool:
            asked[:] = self.ask("GET", f"{run}/hitlDetails")["hitl_details"]
            return bool(asked)

        wait_until(is_asked, self.airflow.last_words)
        time.sleep(READING)
        chosen = {"chosen_options": [option]}
        assert "error" not in self.ask("PATCH", f"{run}/taskInstances/approve/0/hitlDetails", chosen)
        return f"{asked[0]['subject']} {asked[0]['body']}"

    def ended(self, run: str) -> tuple[str, dict[str, str]]:
        """How the run ended, and its tasks."""
        ends = ("success", "failed")
        wait_until(lambda: self.ask("GET", run)["state"] in ends, self.airflow.last_words)
        tasks = self.ask("GET", f"{run}/taskInstances")["task_instances"]
        return self.ask("GET", run)["state"], {one["task_id"]: one["state"] for one in tasks}

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.session.request(method, f"{self.url}{path}", json=body, timeout=PATIENCE)
        return answer.json() if answer.ok else {"error": answer.text}


@pytest.fixture
def airflow(sqlite_url: URL, tmp_path: Path) -> Iterator[tuple[Pages, Sandbox]]:
    with (
        Sandbox(orders=10, seed=3) as sandbox,
        component_airflow(tmp_path / "home", sandbox, sqlite_url, "backfill", CAREFUL) as parts,
    ):
        yield Pages(parts), sandbox


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_no_leaves_the_plan_as_it_is_and_a_yes_carries_it_out(
    airflow: tuple[Pages, Sandbox], ledger: Ledger
) -> None:
    pages, sandbox = airflow
    refused = pages.start(**SPAN, to=sandbox.store.clock.replace(microsecond=0).isoformat())

    question = pages.answer(refused, "Reject")

    state, tasks = pages.ended(refused)
    assert (state, tasks["approve"], tasks["capture"]) == ("failed", "failed", "upstream_failed")
    [plan] = ledger.plans.latest(5)
    assert (plan.stage, ledger.reports.records(), sandbox.segment.received()) == (Stage.PLANNED, [], [])
    assert "May this backfill begin? Store **main**, orders created 2000-01-01 00:00:00Z to" in question
    assert f"plan {plan.id}: 10 records in 1 windows" in question

    accepted = pages.start(plan=plan.id)
    pages.answer(accepted, "Approve")

    state, tasks = pages.ended(accepted)
    assert (state, set(tasks.values())) == ("success", {"success"})
    [plan] = ledger.plans.latest(5)
    assert (plan.stage, plan.read) == (Stage.CAPTURED, 10)
    assert {one["context"]["backfill"]["id"] for one in sandbox.segment.unique().values()} == {plan.id}
