"""What leaves for StatsD, heard by a real listener."""

import json
import re
import socket
from collections.abc import Callable, Iterator

import pytest
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from airflow_runs import run_dag
from loopback import Loopback

from commerce_events.airflow.hooks.segment import SegmentHook
from commerce_events.domain.errors import TransientError
from commerce_events.sandbox.run import Sandbox


class Listener:
    """Every line that comes in by UDP."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.settimeout(0.2)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def lines(self) -> list[str]:
        found: list[str] = []
        try:
            while True:
                found += self.socket.recv(65_535).decode().splitlines()
        except TimeoutError:
            return found


@pytest.fixture
def statsd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Airflow's metrics switched on as a deployment does it."""
    pytest.importorskip("statsd")
    listener = Listener()
    for name, value in {
        "ON": "True",
        "HOST": "127.0.0.1",
        "PORT": str(listener.port),
        "PREFIX": "af",
    }.items():
        monkeypatch.setenv(f"AIRFLOW__METRICS__STATSD_{name}", value)
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
    yield listener
    monkeypatch.undo()
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
    listener.socket.close()


def ours(lines: list[str]) -> dict[str, str]:
    """By name, without Airflow's own."""
    found = [line.removeprefix("af.commerce_events.") for line in lines if "commerce_events." in line]
    return dict(line.split(":", 1) for line in found)


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_run_measures_what_it_has_done(deployment: Sandbox, statsd: Listener) -> None:
    run = run_dag("sync_orders")
    heard = ours(statsd.lines())

    accepted = deployment.segment.unique()
    told = {
        name: int(value.removesuffix("|g"))
        for name, value in heard.items()
        if re.fullmatch(r"messages\.main\.segment\.\w+\.accepted", name)
    }
    assert run.state == "success"
    assert sum(told.values()) == len(accepted)
    assert heard["pending.segment"] == "0|g"
    assert float(heard["lag_seconds.segment"].removesuffix("|g")) < 60
    assert heard["watch.dead.segment.level"] == "0|g"
    assert heard["api.segment_default.calls"] == heard["api.elasticpath_default.calls"] == "1|c"
    assert heard["api.segment_default.duration"].endswith("|ms")


def test_refusals_for_haste_and_silence_are_counted(
    statsd: Listener, server: Loopback, give_connection: Callable[..., None]
) -> None:
    from datetime import UTC, datetime

    server.status = 429
    give_connection("segment.eu", conn_type="segment", host=server.url, password="key")
    with pytest.raises(TransientError):
        SegmentHook("segment.eu").client().send([b"{}"], sent_at=datetime.now(UTC), retries=0)
    give_connection("segment_gone", conn_type="segment", host="http://127.0.0.1:9", password="key")
    with pytest.raises(TransientError):
        SegmentHook("segment_gone").client().send([b"{}"], sent_at=datetime.now(UTC), retries=0)

    heard = ours(statsd.lines())

    assert heard["api.segment_eu.status_429"] == "1|c"
    assert heard["api.segment_gone.unanswered"] == "1|c"
    assert "password" not in json.dumps(heard)
