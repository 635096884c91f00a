"""A whole Airflow on this machine, apart from the person's own: for demo, pages and tests."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from shlex import quote
from typing import Any

from cryptography.fernet import Fernet

from commerce_events.airflow.files import SETTING, SETTINGS_FILE
from commerce_events.domain.errors import ConfigurationError

REPOSITORY = Path(__file__).resolve().parents[3]
# Airflow on SQLite stands a few tasks at a time, not its usual 32.
PARALLELISM = 4
LOOPBACK = "127.0.0.1"
MARK = ".commerce-events-scratch"
# What a shell has set for the person's own Airflow must not reach this one, above all no connection.
FOREIGN = ("AIRFLOW", "_AIRFLOW")


@dataclass(frozen=True, slots=True)
class LocalAirflow:
    """One scratch AIRFLOW_HOME and the environment that makes `airflow` use it and nothing else."""

    home: Path
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.environment["AIRFLOW__API__BASE_URL"]

    @property
    def log(self) -> Path:
        """What the commands print."""
        return self.home / "airflow.log"

    def run(self, *arguments: str) -> int:
        """Run one `airflow` command to its end; its exit code."""
        with self.log.open("ab") as log:
            return subprocess.call(
                _command(arguments), env=self.environment, cwd=self.home, stdout=log, stderr=log
            )

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start an `airflow` command that stays, out of reach of the terminal's Ctrl-C."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                _command(arguments),
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def prepare(home: Path, connections: Mapping[str, Mapping[str, Any]], settings: str) -> LocalAirflow:
    """Empty `home` and lay it out: `settings` is its commerce.toml, `connections` by Airflow's ids."""
    for folder in ("dags", "plugins", "include"):
        if not (REPOSITORY / folder).is_dir():
            raise ConfigurationError(
                f"A local Airflow runs from a checkout; there is no {REPOSITORY / folder}"
            )
    home = _emptied(home.resolve())
    shutil.copytree(REPOSITORY / "include", home / "include")
    (home / "include" / SETTINGS_FILE).write_text(settings, "utf-8")
    local = LocalAirflow(home, _environment(home, connections))
    _write_exports(local)
    return local


def _emptied(home: Path) -> Path:
    """A new, marked folder. What does not carry the mark is somebody's and is not deleted."""
    if home.exists() and not (home / MARK).exists() and (not home.is_dir() or any(home.iterdir())):
        raise ConfigurationError(f"{home} holds files that are not of a local Airflow; name another folder")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / MARK).touch()
    return home


def _environment(home: Path, connections: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    loopback = ",".join(filter(None, (os.environ.get("NO_PROXY", os.environ.get("no_proxy")), LOOPBACK)))
    beside = Path(sys.executable).parent
    return {
        **inherited,
        "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}",
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        **_airflow_settings(home),
        **_ports(),
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in connections.items()},
    }


def _airflow_settings(home: Path) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        SETTING: str(home / "include"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        # A key that changes while its database stays makes the triggerer exit.
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW__API_AUTH__JWT_SECRET": token_urlsafe(32),
        "AIRFLOW__API__SECRET_KEY": token_urlsafe(32),
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _ports() -> dict[str, str]:
    """All of Airflow's ports and addresses together: a task that calls another's server fails oddly."""
    api, worker_logs, trigger_logs = _free_ports(3)
    return {
        "AIRFLOW__API__PORT": str(api),
        "AIRFLOW__API__BASE_URL": f"http://{LOOPBACK}:{api}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{LOOPBACK}:{api}/execution/",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_logs),
    }


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different because all are held until the last one is found."""
    with ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind((LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in found]


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]


def _write_exports(local: LocalAirflow) -> None:
    """A file for the person's shell; its secrets open nothing but the stand-ins and this Airflow."""
    ours = {name: value for name, value in local.environment.items() if name.startswith(FOREIGN)}
    lines = "".join(f"export {name}={quote(value)}\n" for name, value in sorted(ours.items()))
    (local.home / "env").write_text(lines, "utf-8")
