"""A run that does not end in time is told of by Airflow, where somebody wants that."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.sdk import DAG
from loopback import Loopback

from commerce_events.airflow.deadlines import deadline, run_is_late
from commerce_events.ledger.ledger import Ledger

HALF_AN_HOUR = timedelta(minutes=30)
MINIMAL = """\
[stores.main]
namespace = "0f2c6a53-8a2b-4c63-b0a8-5a8f0c1d2e3f"
start = 2020-01-01T00:00:00Z
[alerts.notify]
webhook = "sink"
"""


def test_a_deadline_is_set_only_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    assert deadline("sync_orders", HALF_AN_HOUR) is None

    monkeypatch.setenv("AIRFLOW__COMMERCE_EVENTS__DEADLINES", "True")
    found = deadline("sync_orders", HALF_AN_HOUR)

    assert found is not None
    assert (found.interval, found.callback.kwargs) == (HALF_AN_HOUR, {"dag_id": "sync_orders"})
    assert found.callback.path == "commerce_events.airflow.deadlines.run_is_late"
    with DAG("late", schedule=None, deadline=found) as dag:
        assert dag.deadline


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_what_airflow_calls_tells_it_once(
    ledger: Ledger,
    server: Loopback,
    give_connection: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "commerce.toml").write_text(MINIMAL)
    monkeypatch.setenv("AIRFLOW__COMMERCE_EVENTS__INCLUDE", str(tmp_path))
    give_connection("commerce_ledger", conn_type="sqlite", host=ledger.engine.url.database)
    give_connection("sink", conn_type="http", host=server.url)

    for _ in range(2):
        asyncio.run(run_is_late("sync_orders", context={}))

    (heard,) = server.heard
    assert b'"rule": "deadline"' in heard.body
    assert b'"level": "critical"' in heard.body
