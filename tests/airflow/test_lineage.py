"""What our tasks read and write reaches OpenLineage: a store's orders in, Segment's messages out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Asset

from commerce_events.airflow.asset_uris import to_openlineage
from commerce_events.airflow.assets import ORDERS, SEGMENT

DAGS = Path(__file__).parents[2] / "dags"


def test_our_assets_are_datasets_of_their_schemes() -> None:
    pytest.importorskip("airflow.providers.openlineage")

    found = [to_openlineage(asset, None) for asset in (ORDERS, SEGMENT)]

    assert [(one.namespace, one.name) for one in found] == [
        ("commerce://stores", "orders"),
        ("segment://sources", "messages"),
    ]


@pytest.mark.parametrize("uri", ["commerce://stores", "segment:///messages"])
def test_an_address_that_names_nothing_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="must be like"):
        Asset(uri)


def test_what_the_dag_reads_and_writes_is_told_in_openlineages_file(tmp_path: Path) -> None:
    """By Airflow's own translation, and OpenLineage's own client."""
    utils = pytest.importorskip("airflow.providers.openlineage.utils.utils")
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.transport.file import FileConfig, FileTransport

    dag = DagBag(str(DAGS)).dags["sync_orders"]
    inputs = [utils.translate_airflow_asset(asset, None) for asset in dag.get_task("capture").inlets]
    outputs = [utils.translate_airflow_asset(asset, None) for asset in dag.get_task("send").outlets]

    file = tmp_path / "events.jsonl"
    client = OpenLineageClient(transport=FileTransport(FileConfig(log_file_path=str(file), append=True)))
    job, run = Job("airflow", "sync_orders"), Run(str(uuid4()))
    now = datetime.now(UTC).isoformat()
    client.emit(
        RunEvent(eventType=RunState.COMPLETE, eventTime=now, run=run, job=job, inputs=inputs, outputs=outputs)
    )

    told = json.loads(file.read_text())
    assert [(one["namespace"], one["name"]) for one in told["inputs"]] == [("commerce://stores", "orders")]
    assert [(one["namespace"], one["name"]) for one in told["outputs"]] == [("segment://sources", "messages")]


def test_a_plain_address_would_be_dropped() -> None:
    utils = pytest.importorskip("airflow.providers.openlineage.utils.utils")

    assert utils.translate_airflow_asset(Asset("https://api.segment.io/v1"), None) is None
