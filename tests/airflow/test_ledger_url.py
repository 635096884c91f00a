"""Where the ledger is found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.configuration import get_airflow_home
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse
from airflow.sdk.execution_time.supervisor import set_supervisor_comms

from commerce_events.airflow.ledger_url import ledger_url
from commerce_events.domain.errors import ConfigurationError, TransientError

Give = Callable[..., None]


class Supervisor:
    """Stands for Airflow's side of a task: answers every question the same way."""

    def __init__(self, error: ErrorType) -> None:
        self._answer = ErrorResponse(error=error)

    def send(self, _question: object) -> ErrorResponse:
        return self._answer


@pytest.fixture
def no_connections() -> Any:
    """As in a task whose Airflow knows no connection at all."""
    with set_supervisor_comms(Supervisor(ErrorType.CONNECTION_NOT_FOUND)):  # type: ignore[arg-type]
        yield


@pytest.mark.usefixtures("no_connections")
def test_without_a_connection_the_ledger_is_a_file_in_airflows_home() -> None:
    assert ledger_url().drivername == "sqlite"
    assert ledger_url().database == str(Path(get_airflow_home()) / "commerce_ledger.db")


def test_a_failure_to_look_is_not_taken_for_absence() -> None:
    """Else a moment's trouble would start a second, empty ledger, and everything would be sent again."""
    with (
        set_supervisor_comms(Supervisor(ErrorType.API_SERVER_ERROR)),  # type: ignore[arg-type]
        pytest.raises(TransientError, match="could not say whether there is a connection commerce_ledger"),
    ):
        ledger_url()


def test_a_postgres_connection_becomes_an_address_from_its_fields(give_connection: Give) -> None:
    give_connection(
        "commerce_ledger",
        conn_type="postgres",
        host="db.example.com",
        port=5433,
        login="ledger",
        password="p@ss/word",
        schema="commerce",
        extra={"sslmode": "require", "cursor": "dictcursor"},
    )

    url = ledger_url()

    assert url.drivername == "postgresql+psycopg"
    assert (url.host, url.port, url.username, url.password) == ("db.example.com", 5433, "ledger", "p@ss/word")
    assert (url.database, dict(url.query)) == ("commerce", {"sslmode": "require"})
    assert "p@ss" not in str(url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgres_connection_may_be_given_as_an_address(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_COMMERCE_LEDGER", f"{scheme}://u:p%40ss@db:5432/commerce?sslmode=prefer")

    url = ledger_url()

    assert url.render_as_string(hide_password=False) == (
        "postgresql+psycopg://u:p%40ss@db:5432/commerce?sslmode=prefer"
    )


@pytest.mark.parametrize("address", ["sqlite:////var/lib/ledger.db", "sqlite://%2Fvar%2Flib%2Fledger.db"])
def test_a_sqlite_connection_names_its_file(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_COMMERCE_LEDGER", address)

    assert ledger_url().database == "/var/lib/ledger.db"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"conn_type": "mysql"}, "commerce_ledger: type is mysql; a ledger is postgres or sqlite"),
        ({"conn_type": "postgres", "schema": "x"}, "commerce_ledger: host is empty"),
        ({"conn_type": "postgres", "host": "db"}, "commerce_ledger: schema is empty"),
        ({"conn_type": "sqlite"}, "commerce_ledger: schema is empty; it must be the path"),
    ],
)
def test_a_wrong_connection_is_explained(
    give_connection: Give, fields: dict[str, Any], complaint: str
) -> None:
    give_connection("commerce_ledger", **fields)

    with pytest.raises(ConfigurationError, match=complaint):
        ledger_url()


@pytest.mark.parametrize(
    "executor",
    [
        "CeleryExecutor",
        "KubernetesExecutor",
        "LocalExecutor,CeleryExecutor",
        "airflow.providers.celery.executors.celery_executor.CeleryExecutor",
        "LocalExecutor, remote:some.module.EdgeExecutor",
    ],
)
@pytest.mark.usefixtures("no_connections")
def test_a_file_is_refused_where_tasks_run_elsewhere(monkeypatch: pytest.MonkeyPatch, executor: str) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)

    with pytest.raises(
        ConfigurationError, match="add an Airflow connection commerce_ledger of type postgres"
    ):
        ledger_url()


@pytest.mark.usefixtures("no_connections")
def test_a_file_is_refused_in_a_kubernetes_pod_that_believes_to_be_local(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")
    monkeypatch.setenv("AIRFLOW_IS_K8S_EXECUTOR_POD", "True")

    with pytest.raises(ConfigurationError, match="KubernetesExecutor"):
        ledger_url()


def test_a_file_that_somebody_chose_is_refused_there_too(
    give_connection: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_connection("commerce_ledger", conn_type="sqlite", host="/shared/ledger.db")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")

    with pytest.raises(ConfigurationError, match="CeleryExecutor runs tasks where that file is not"):
        ledger_url()
