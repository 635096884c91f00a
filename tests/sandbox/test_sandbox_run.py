"""Both stand-ins in one process, and what another process can ask of them."""

import subprocess
import sys

import pytest
import requests

from commerce_events.sandbox.run import Sandbox


@pytest.fixture
def sandbox():
    with Sandbox(orders=30, seed=2) as running:
        yield running


def test_another_process_can_move_orders_on(sandbox):
    before = sandbox.store.orders()

    taken = requests.post(f"{sandbox.store.url}/_sandbox/step?n=25", timeout=5).json()

    assert sum(taken.values()) == 25
    assert sandbox.store.orders() != before


def test_another_process_can_see_what_both_hold(sandbox):
    message = {"type": "track", "event": "Seen", "userId": "u", "messageId": "m1"}
    for _ in range(2):
        requests.post(
            f"{sandbox.segment.url}/v1/batch",
            json={"batch": [message], "writeKey": min(sandbox.segment.write_keys)},
            timeout=5,
        )

    stats = requests.get(f"{sandbox.segment.url}/_sandbox/stats", timeout=5).json()
    messages = requests.get(f"{sandbox.store.url}/_sandbox/segment/messages", timeout=5).json()

    assert stats["store"]["orders"] == 30
    assert stats["segment"] == {"unique": 1, "duplicates": 1, "drops": {}, "batches": 2}
    assert messages == [message]


def test_the_control_surface_knows_no_faults(sandbox):
    sandbox.store.faults.mix(1.0)

    assert requests.get(f"{sandbox.store.url}/_sandbox/stats", timeout=5).status_code == 200


def test_a_living_store_changes_by_itself(sandbox):
    before = sandbox.store.orders()
    sandbox.live(pause=0.01)

    for _ in range(200):
        if sandbox.store.orders() != before:
            return
        requests.get(f"{sandbox.store.url}/_sandbox/stats", timeout=5)
    raise AssertionError("nothing moved")


def test_closing_frees_the_port_at_once():
    with Sandbox() as first:
        ports = {"port_store": first.store.port, "port_segment": first.segment.port}
        requests.get(f"{first.store.url}/_sandbox/stats", timeout=5)

    with Sandbox(**ports) as second:
        assert requests.get(f"{second.store.url}/_sandbox/stats", timeout=5).status_code == 200


def test_the_sandbox_runs_as_a_process_of_its_own_and_says_where():
    program = (
        "from commerce_events.sandbox.run import run; run(orders=5, announce=lambda t: print(t, flush=True))"
    )
    command = [sys.executable, "-c", program]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline().split() for _ in range(4)]
        stats = requests.get(lines[3][1], timeout=5).json()
        process.terminate()

    assert [line[0] for line in lines] == ["store", "segment", "public", "control"]
    assert stats["store"]["orders"] == 5


def test_whoever_is_regulated_is_dropped_by_the_segment_beside(sandbox):
    asked = {"regulationType": "SUPPRESS_ONLY", "subjectType": "USER_ID", "subjectIds": ["u"]}
    requests.post(
        f"{sandbox.public_api.url}/regulations",
        json=asked,
        headers={"Authorization": f"Bearer {sandbox.public_api.token}"},
        timeout=5,
    )
    message = {"type": "track", "event": "Seen", "userId": "u", "messageId": "m1"}
    body = {"batch": [message], "writeKey": min(sandbox.segment.write_keys)}
    requests.post(f"{sandbox.segment.url}/v1/batch", json=body, timeout=5)

    stats = requests.get(f"{sandbox.public_api.url}/_sandbox/stats", timeout=5).json()

    assert stats["segment"]["drops"] == {"suppressed": 1}
    assert stats["public_api"] == {"regulations": 1, "suppressed": 1}
    assert stats["store"]["customers"] == len(sandbox.store.customers()) > 0
