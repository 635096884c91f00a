"""The queue door as the triggerer runs it, with Airflow's own connection to a real SQS server."""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from queue_server import REGION, SqsServer
from terminal import INCLUDE, SETTINGS

from commerce_events.airflow import connections
from commerce_events.airflow.queues import feeds
from commerce_events.airflow.triggers.queues import QueueTrigger
from commerce_events.domain.errors import ConfigurationError

EVENT = '{"id":"event-1","type":"order.updated","data":{"type":"order","id":"order-1"}}'


@pytest.fixture
def queue(sqs: SqsServer, airflow_database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The queue of the only store."""
    url = sqs.queue()
    include = tmp_path / "include"
    shutil.copytree(INCLUDE, include)
    (include / "commerce.toml").write_text(f'{SETTINGS}[stores.main.queue]\nurl = "{url}"\n')
    monkeypatch.setenv("AIRFLOW__COMMERCE_EVENTS__INCLUDE", str(include))
    ledger = {"conn_type": "sqlite", "host": str(tmp_path / "ledger.db")}
    monkeypatch.setenv("AIRFLOW_CONN_COMMERCE_LEDGER", json.dumps(ledger))
    extra = {"endpoint_url": sqs.url, "region_name": REGION}
    aws = {"conn_type": "aws", "login": "AKIDSANDBOX", "password": "sandbox", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws))
    return url


def run_until(condition: Callable[[], bool], seconds: float = 20.0) -> list[object]:
    """Run the trigger in a loop of its own, as long as it takes; returns what it rang with."""
    rang: list[object] = []

    async def consume() -> None:
        async for event in QueueTrigger().run():
            rang.append(event)

    async def watch() -> None:
        task = asyncio.create_task(consume())
        until = time.monotonic() + seconds
        while not await asyncio.to_thread(condition):
            assert time.monotonic() < until, "nothing came"
            await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(watch())
    return rang


def test_messages_get_into_the_inbox_and_no_bell_is_rung(sqs: SqsServer, queue: str) -> None:
    sqs.put(queue, EVENT)
    ledger = connections.open_ledger()

    rang = run_until(lambda: ledger.inbox.count()[0] == 1 and sqs.left(queue) == 0)

    assert rang == []
    assert sqs.left(queue) == 0


def test_it_can_be_made_again_from_what_airflow_keeps_of_it() -> None:
    path, arguments = QueueTrigger().serialize()

    assert path == "commerce_events.airflow.triggers.queues.QueueTrigger"
    assert arguments == {}


def test_without_the_extra_a_queue_is_a_mistake_that_says_what_to_install(
    queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.amazon.aws.hooks.sqs", None)

    with pytest.raises(ConfigurationError, match="install commerce-events with its extra `sqs`"):
        feeds(connections.open_ledger())
