"""A local Airflow has nothing of the person's own in it."""

import subprocess
from pathlib import Path

import pytest

from commerce_events.airflow.local import LocalAirflow, prepare
from commerce_events.domain.errors import ConfigurationError

STORE = {
    "elasticpath_default": {"conn_type": "elasticpath", "host": "http://127.0.0.1:1", "password": "it's"}
}
PORTS = (
    "AIRFLOW__API__PORT",
    "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT",
    "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT",
)


@pytest.fixture
def local(tmp_path: Path) -> LocalAirflow:
    return prepare(tmp_path / "home", STORE, "[stores]\n")


def test_nothing_of_another_airflow_is_inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENT_DEFAULT", "segment://:real-key@api.segment.io")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")

    environment = prepare(tmp_path / "home", STORE, "").environment

    assert {name for name in environment if name.startswith("AIRFLOW_CONN")} == {
        "AIRFLOW_CONN_ELASTICPATH_DEFAULT"
    }
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "_AIRFLOW_PROCESS_CONTEXT" not in environment


def test_ports_and_addresses_belong_together(local: LocalAirflow) -> None:
    environment = local.environment
    port = environment["AIRFLOW__API__PORT"]

    assert len({environment[name] for name in PORTS}) == len(PORTS)
    assert local.url == f"http://127.0.0.1:{port}"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"http://127.0.0.1:{port}/execution/"


def test_its_settings_are_its_own(local: LocalAirflow) -> None:
    include = Path(local.environment["AIRFLOW__COMMERCE_EVENTS__INCLUDE"])

    assert (include / "commerce.toml").read_text() == "[stores]\n"
    assert (include / "templates").is_dir()


def test_a_shell_can_take_over_its_environment(local: LocalAirflow) -> None:
    show = f'. {local.home}/env; printf %s "$AIRFLOW_CONN_ELASTICPATH_DEFAULT"'

    shown = subprocess.run(["sh", "-c", show], capture_output=True, text=True, check=True).stdout

    assert shown == local.environment["AIRFLOW_CONN_ELASTICPATH_DEFAULT"]


def test_a_second_demo_starts_from_nothing(local: LocalAirflow) -> None:
    (local.home / "commerce_ledger.db").touch()

    prepare(local.home, STORE, "")

    assert not (local.home / "commerce_ledger.db").exists()


def test_a_folder_of_somebody_elses_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()

    with pytest.raises(ConfigurationError, match="holds files that are not of a local Airflow"):
        prepare(tmp_path, STORE, "")

    assert (tmp_path / "thesis.txt").exists()
