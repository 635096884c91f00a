"""A real Airflow whose components can be killed one by one, with few DAGs."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import requests
from airflow_runs import ROOT, ledger_fields
from sqlalchemy import URL

from commerce_events.airflow.local import LocalAirflow, prepare
from commerce_events.airflow.pools import MAKE
from commerce_events.cli.stand_ins import SETTINGS, connections_to
from commerce_events.sandbox.run import Sandbox

SECRET = "a-secret-of-the-end-to-end-test"
# Seconds. Another test may be at work on the same two cores, and a machine in its slow hours takes three
# times as long: what is held is that something comes, not when.
PATIENCE = 400
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
# Whoever was killed is missed within seconds, not after minutes as in a deployment; and so is, now and then,
# who was only slow.
IMPATIENT = {
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "8",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "8",
}


@dataclass
class ComponentAirflow:
    local: LocalAirflow
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def door(self) -> str:
        return f"{self.local.url}/commerce-events/webhooks/elasticpath/main"

    def start(self, *names: str) -> None:
        for name in names:
            self.running[name] = self.local.start(name)

    def kill(self, name: str) -> None:
        """At once, with everything it started, as a machine that loses power does."""
        process = self.running.pop(name)
        try:
            family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        except psutil.NoSuchProcess:
            family = []
        for one in family:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(family, timeout=10)
        process.wait(10)

    def health(self) -> dict[str, str]:
        with requests.Session() as session:
            session.trust_env = False
            try:
                said = session.get(f"{self.local.url}/api/v2/monitor/health", timeout=5).json()
            except (requests.RequestException, ValueError):
                return {}
        return {name: str((one or {}).get("status")) for name, one in said.items()}

    def wait_until_healthy(self) -> None:
        names = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        wait_until(lambda: {self.health().get(name) for name in names} == {"healthy"}, self.last_words)

    def last_words(self) -> str:
        return "\n".join(self.local.log.read_text("utf-8", "replace").splitlines()[-60:])


def wait_until(condition: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(otherwise())
        time.sleep(0.1)


@contextmanager
def component_airflow(
    home: Path, sandbox: Sandbox, ledger: URL, dag: str, settings: str = SETTINGS, **more: str
) -> Iterator[ComponentAirflow]:
    """`dag` is its only one; `more` is for its environment."""
    connections: dict[str, dict[str, Any]] = connections_to(sandbox)
    connections["elasticpath_default"]["extra"] = {"requests_per_second": 100, "webhook_secret": SECRET}
    connections["commerce_ledger"] = ledger_fields(ledger)
    local = prepare(home, connections, settings)
    dags = home / "dags"
    dags.mkdir()
    shutil.copy(ROOT / "dags" / f"{dag}.py", dags)
    environment = {**local.environment, "AIRFLOW__CORE__DAGS_FOLDER": str(dags), **more}
    airflow = ComponentAirflow(replace(local, environment=environment))
    if airflow.local.run("db", "migrate") or airflow.local.run(*MAKE):
        raise RuntimeError(airflow.last_words())
    try:
        airflow.start(*COMPONENTS)
        airflow.wait_until_healthy()
        yield airflow
    finally:
        for name in list(airflow.running):
            airflow.kill(name)
