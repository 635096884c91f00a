"""Running a DAG for real in this process, against stand-ins and a ledger of the test's own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from commerce_events.airflow import pools
from commerce_events.cli.stand_ins import SETTINGS, connections_to
from commerce_events.sandbox.run import Sandbox

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Run:
    """How a DAG run ended, task by task, and what its tasks left in XCom."""

    state: str
    tasks: dict[str, str]
    xcom: dict[str, Any]


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's own database in this process's AIRFLOW_HOME, with what the README has a person make there."""
    from airflow.models.pool import Pool

    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    Pool.create_or_update_pool(pools.BACKFILL, 4, "windows of backfills", include_deferred=False)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(orders=40, seed=3) as both:
        yield both


@pytest.fixture
def include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An include folder of the test's own, with the sandbox's commerce.toml in it."""
    folder = tmp_path / "include"
    folder.mkdir()
    for part in ("templates", "contracts"):
        (folder / part).symlink_to(ROOT / "include" / part)
    (folder / "commerce.toml").write_text(SETTINGS)
    monkeypatch.setenv("AIRFLOW__COMMERCE_EVENTS__INCLUDE", str(folder))
    return folder


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give a connection some fields; those not named stay as they were."""
    known: dict[str, dict[str, Any]] = {}

    def connect(conn_id: str, **fields: Any) -> None:
        known[conn_id] = {**known.get(conn_id, {}), **fields}
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(known[conn_id]))

    return connect


@pytest.fixture
def deployment(
    airflow_database: None, sandbox: Sandbox, include: Path, connect: Callable[..., None], ledger_url: URL
) -> Sandbox:
    """Everything `sync_orders` needs: settings, connections to the stand-ins, an empty ledger."""
    for conn_id, fields in connections_to(sandbox).items():
        connect(conn_id, **fields)
    connect("commerce_ledger", **ledger_fields(ledger_url))
    return sandbox


def ledger_fields(url: URL) -> dict[str, Any]:
    if url.drivername == "sqlite":
        return {"conn_type": "sqlite", "host": url.database}
    host = url.host or url.query["host"]
    return {"conn_type": "postgres", "host": host, "login": url.username, "schema": url.database}


def run_dag(dag_id: str, **form: Any) -> Run:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    dag = DagBag(str(ROOT / "dags")).dags[dag_id]
    ended = dag.test(run_conf=form or None)
    with create_session() as session:
        tasks = session.query(TaskInstance).filter(TaskInstance.run_id == ended.run_id).all()
        left = session.query(XComModel).filter(XComModel.run_id == ended.run_id).all()
        return Run(
            state=str(ended.state),
            tasks={one.task_id: str(one.state) for one in tasks},
            xcom={f"{one.task_id}.{one.key}": one.value for one in left},
        )
