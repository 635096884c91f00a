"""Connections are found from a plain command line as in a task, and absence is told from trouble."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commerce_events.airflow.lookup import connection, find
from commerce_events.domain.errors import ConfigurationError

ASK = """
import json, sys
from commerce_events.airflow.lookup import find
from commerce_events.domain.errors import CommerceEventsError
try:
    found = find(sys.argv[1])
    answer = found and [found.conn_type, found.login, found.password, found.extra_dejson]
except CommerceEventsError as error:
    answer = f"{type(error).__name__}: {error}"
print(json.dumps(answer))
"""


def ask(conn_id: str, **environment: str) -> object:
    """`find` in a process that is no task and no server of Airflow's, as the command is."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, conn_id],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.usefixtures("airflow_database")
def test_the_command_line_finds_a_connection_that_was_added_in_the_pages() -> None:
    stored = {"conn_type": "elasticpath", "login": "id", "password": "secret", "extra": {"key": 1}}
    add = ["connections", "add", "stored", "--conn-json", json.dumps(stored)]
    subprocess.run([sys.executable, "-m", "airflow", *add], check=True, capture_output=True)

    assert ask("stored") == ["elasticpath", "id", "secret", {"key": 1}]


@pytest.mark.usefixtures("airflow_database")
def test_the_command_line_knows_that_there_is_none() -> None:
    assert ask("nowhere") is None


def test_the_environment_is_enough(tmp_path: Path) -> None:
    found = ask("given", AIRFLOW_CONN_GIVEN="segment://:key@host", AIRFLOW_HOME=str(tmp_path))

    assert found == ["segment", "", "key", {}]


@pytest.mark.usefixtures("airflow_database")
@pytest.mark.parametrize("said", ["postgresql://ledger:pa/ss@host:5432/ledger", '{"conn_type": "segment"'])
def test_one_in_the_environment_that_cannot_be_read_is_no_absence(said: str) -> None:
    """Else a ledger with a slash in its password would be another one, new and empty."""
    answer = str(ask("given", AIRFLOW_CONN_GIVEN=said))

    assert answer.startswith("ConfigurationError: AIRFLOW_CONN_GIVEN is set, and is neither a URI nor JSON")
    assert "pa/ss" not in answer


def test_a_database_that_cannot_be_asked_is_no_absence(tmp_path: Path) -> None:
    answer = ask("nowhere", AIRFLOW_HOME=str(tmp_path))

    assert str(answer).startswith("ConfigurationError: Airflow's database could not be asked for connection")
    assert "airflow db migrate" in str(answer)


@pytest.mark.usefixtures("airflow_database")
def test_a_missing_connection_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")

    assert find("nowhere") is None
    with pytest.raises(ConfigurationError, match=r"no connection nowhere: .* or set AIRFLOW_CONN_NOWHERE"):
        connection("nowhere")
