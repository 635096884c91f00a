"""Connections as a deployment would give them: through the environment."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loopback import Loopback, loopback


@pytest.fixture
def give_connection(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Add an Airflow connection for the length of a test."""

    def give(conn_id: str, **fields: Any) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))

    return give


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as told:
        yield told
