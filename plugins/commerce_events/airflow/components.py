"""Airflow's servers on this machine: started together, waited for, and stopped to the last process."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import psutil
import requests

from commerce_events.airflow.local import LocalAirflow
from commerce_events.domain.errors import ConfigurationError

START_SECONDS = 240.0
STOP_SECONDS = 30.0
COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


@contextmanager
def running(local: LocalAirflow, stopped: Event) -> Iterator[subprocess.Popen[bytes]]:
    """All components, healthy unless `stopped` came first; none of them is left afterwards."""
    server = local.start("standalone")
    try:
        _wait_until_healthy(local, server, stopped)
        yield server
    finally:
        _stop(server)


def trigger(local: LocalAirflow, dag_id: str, stopped: Event) -> None:
    """Start a run as soon as Airflow has read the DAG's file, which may be a while after it is healthy."""
    until = time.monotonic() + START_SECONDS
    while not stopped.is_set() and local.run("dags", "trigger", dag_id):
        if time.monotonic() > until:
            raise ConfigurationError(f"Airflow does not find the DAG {dag_id}; see {local.log}")


def password(local: LocalAirflow) -> str:
    """The generated password of the user `admin`."""
    text = (local.home / "simple_auth_manager_passwords.json.generated").read_text("utf-8")
    return str(json.loads(text)["admin"])


def _wait_until_healthy(local: LocalAirflow, server: subprocess.Popen[bytes], stopped: Event) -> None:
    until = time.monotonic() + START_SECONDS
    while not stopped.wait(1) and not _healthy(local):
        if server.poll() is not None:
            raise ConfigurationError(
                f"Airflow stopped while starting; see {local.log}\n{_last_lines(local.log)}"
            )
        if time.monotonic() > until:
            raise ConfigurationError(
                f"Airflow is not healthy after {START_SECONDS:.0f} seconds; see {local.log}"
            )


def _healthy(local: LocalAirflow) -> bool:
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between this machine and itself
        try:
            health = session.get(f"{local.url}/api/v2/monitor/health", timeout=5).json()
        except (requests.RequestException, ValueError):
            return False
    return all((health.get(name) or {}).get("status") == "healthy" for name in COMPONENTS)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ask nicely, then not: a killed component can leave children that hold its ports."""
    family = _family(server.pid)
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
    _, left = psutil.wait_procs(family, timeout=STOP_SECONDS)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=5)
    server.wait(timeout=5)


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return []


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
