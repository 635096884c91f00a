"""The stand-ins are met by clients that nobody here wrote."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from segment.analytics.client import Client

from commerce_events.sandbox import faults
from commerce_events.sandbox.clock import stamp
from commerce_events.sandbox.public_api import PublicApiStandIn
from commerce_events.sandbox.segment import DEFAULT_KEY, SegmentStandIn
from commerce_events.sandbox.store import ElasticPathStandIn

PEERS = Path(__file__).parent / "peers"


@pytest.fixture
def client(segment: SegmentStandIn) -> Iterator[Client]:
    made = Client(DEFAULT_KEY, host=segment.url, upload_interval=0.05, gzip=True, timeout=5)
    yield made
    made.join()


def test_segments_python_library_is_understood(segment, client):
    client.identify("user-1", {"email": "ada@example.com"}, message_id="i1")
    client.track("user-1", "Order Completed", {"revenue": 19.99, "näme": "🎁"}, message_id="t1")
    client.track(17, "Order Completed", message_id="t2")
    client.flush()

    messages = segment.unique()
    assert list(messages) == ["i1", "t1", "t2"]
    assert messages["t1"]["properties"] == {"revenue": 19.99, "näme": "🎁"}
    assert messages["t2"]["userId"] == "17"
    assert segment.drops == {}
    assert segment.batches[0].headers["content-encoding"] == "gzip"


def test_segments_python_library_retries_and_repeats_itself_exactly(segment, client):
    segment.faults.next(faults.too_many(1))
    segment.faults.next(faults.timeout(0.01, taken=True))

    client.track("user-1", "Order Completed", message_id="t1")
    client.flush()

    first, second = segment.copies("t1")
    assert first == second
    assert segment.drops == {"duplicate": 1}
    assert [batch.headers.get("x-retry-count") for batch in segment.batches] == [None, "1"]


def test_segments_python_library_does_not_notice_a_wrong_key(segment):
    failures: list[Exception] = []
    stranger = Client("not-a-known-key", host=segment.url, on_error=lambda error, _: failures.append(error))

    stranger.track("user-1", "Order Completed", message_id="t1")
    stranger.flush()
    stranger.join()

    assert failures == []
    assert segment.unique() == {}
    assert segment.drops == {"unknown_source": 1}


@pytest.fixture(scope="session")
def node() -> str:
    """Node with both SDKs beside it. In CI only a machine without Node may go without the test."""
    found = shutil.which("node")
    if not found:
        pytest.skip("Node.js is not installed; only this test needs it")
    if not installed():
        trouble = install_peers()
        if trouble and not os.environ.get("CI"):
            pytest.skip("npm could not fetch the SDKs; with CI set this is a failure")
        assert trouble == ""
    return found


def installed() -> bool:
    modules = PEERS / "node_modules"
    wanted = json.loads((PEERS / "package.json").read_text())["dependencies"]
    finished = (modules / ".package-lock.json").exists()  # written last
    return finished and all((modules / name).exists() for name in wanted)


def install_peers() -> str:
    """What went wrong, or nothing."""
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        outcome = subprocess.run(command, cwd=PEERS, capture_output=True, text=True, timeout=180, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return outcome.stderr if outcome.returncode else ""


def test_elastic_paths_own_sdk_reads_the_store(node):
    with ElasticPathStandIn(seed=4, orders=120, customers=40) as store:
        store.habits.stable_ties = True  # the SDK pages by offset and promises nothing about ties
        since = stamp(store.clock - timedelta(days=30))
        store.faults.next(faults.too_many(), where=lambda path: path == "/v2/orders")

        arguments = [urlsplit(store.url).netloc, store.client_id, store.client_secret, since]
        read = run_peer(node, "read_store.mjs", *arguments)

        check_report(read, store, since)
        check_people(read, store, since)


def test_segments_own_sdk_files_a_regulation(node, segment):
    with PublicApiStandIn(segment) as public_api:
        read = run_peer(node, "regulate.mjs", public_api.url, public_api.token, "u-1", "u-2")

        [filed] = public_api.regulations()
        assert read["filed"] == {"regulateId": filed["id"]}
        assert read["regulation"]["id"] == filed["id"]
        assert read["regulation"]["overallStatus"] == "INITIALIZED"
        assert {one["name"] for one in read["regulation"]["streamStatus"][0]["destinationStatus"]}
        assert read["echo"]["message"] == "hello"
        assert read["refused"] == 401
        assert public_api.suppressed() == ["u-1", "u-2"]
        assert public_api.crashes == []


def run_peer(node: str, script: str, *arguments: str):
    """What the script printed, as JSON."""
    command = [node, str(PEERS / script), *arguments]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)


def check_people(read, store: ElasticPathStandIn, since: str):
    first_second = int(datetime.fromisoformat(since).timestamp())
    changed = [one for one in store.customer_register.rows() if one.updated >= first_second]
    assert len(changed) > 10
    assert sorted(read["customers"]) == sorted(one.id for one in changed)
    assert read["customer"] == store.customer(read["customers"][0])
    assert read["addresses"] == store.addresses(read["customers"][0])
    assert sorted(read["members"]) == sorted(store.account_member_ids())
    assert read["member"] == store.account_member(read["members"][0])
    assert read["members_since"]["errors"][0]["detail"] == "Could not parse the supplied filter"


def check_report(read, store: ElasticPathStandIn, since: str):
    first_second = int(datetime.fromisoformat(since).timestamp())
    expected = {
        order["id"]
        for order in store.orders()
        if order["payment"] == "paid" and store.entry(order["id"]).updated >= first_second
    }
    assert len(expected) > 10
    assert set(read["orders"]) == expected
    assert len(read["orders"]) == len(expected)
    assert set(read["items"]) == {item["id"] for one in expected for item in store.items(one)}
    first = read["orders"][0]
    assert read["order"] == store.order(first)
    assert read["lines"] == store.items(first)
    assert read["transactions"] == store.transactions(first)
    assert read["currencies"] == ["USD", "EUR", "JPY", "KWD", "GBP"]
    assert read["bad_filter"]["errors"][0]["detail"] == "Could not parse the supplied filter"
    assert read["unknown"]["errors"][0]["status"] == 404
    assert store.faults.drawn == {"429": 1}
