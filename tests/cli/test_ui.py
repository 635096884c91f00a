"""`commerce-events ui`: a full Airflow on this machine, and nothing left of it afterwards."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from sqlalchemy import func, select

from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.tables import inbox

START_SECONDS = 240
STOP_SECONDS = 60


@pytest.fixture
def ui(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "commerce_events",
        "ui",
        "--orders",
        "20",
        "--home",
        str(tmp_path / "home"),
    ]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    yield started
    for process in left_over(tmp_path / "home"):
        process.kill()
    started.kill()
    started.wait()


def introduction(ui: subprocess.Popen[str]) -> str:
    """What it prints up to the point where it waits for Ctrl-C."""
    assert ui.stdout is not None
    said = ""
    until = time.monotonic() + START_SECONDS
    while "Ctrl-C" not in said and time.monotonic() < until and ui.poll() is None:
        said += ui.stdout.readline()
    return said


def left_over(home: Path) -> list[psutil.Process]:
    """Processes that still run for this Airflow."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AIRFLOW_HOME") == str(home):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def test_the_pages_are_up_the_dag_runs_and_ctrl_c_stops_everything(
    ui: subprocess.Popen[str], tmp_path: Path
) -> None:
    said = introduction(ui)
    url, password = re.search(r"Airflow +(\S+) +user admin, password (\S+)", said).groups()  # type: ignore[union-attr]
    token = requests.post(
        f"{url}/auth/token", json={"username": "admin", "password": password}, timeout=10
    ).json()["access_token"]
    allowed = {"Authorization": f"Bearer {token}"}
    faults = requests.get(f"{url}/api/v2/importErrors", headers=allowed, timeout=10).json()
    ended = wait_for_a_run(url, allowed)
    captured = wait_for_a_hint(tmp_path / "home" / "commerce_ledger.db")
    running = len(left_over(tmp_path / "home"))

    os.killpg(ui.pid, signal.SIGINT)
    code = ui.wait(timeout=STOP_SECONDS)

    assert faults["total_entries"] == 0
    assert ended == "success"
    assert captured > 0
    assert running > 3
    assert code == 0
    assert left_over(tmp_path / "home") == []


def wait_for_a_hint(ledger: Path) -> int:
    """How many of the store's webhooks have come to their end."""
    engine = open_engine(f"sqlite:///{ledger}")
    until = time.monotonic() + START_SECONDS
    captured = 0
    while not captured and time.monotonic() < until:
        time.sleep(1)
        with engine.connect().execution_options(reads_only=True) as connection:
            ended = select(func.count()).where(inbox.c.outcome == "captured")
            captured = connection.scalar(ended) or 0
    engine.dispose()
    return captured


def wait_for_a_run(url: str, allowed: dict[str, str]) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        runs = requests.get(f"{url}/api/v2/dags/sync_orders/dagRuns", headers=allowed, timeout=10).json()
        ended = [run["state"] for run in runs.get("dag_runs", []) if run["state"] in ("success", "failed")]
        if ended:
            return str(ended[0])
        time.sleep(1)
    return "none ended"
