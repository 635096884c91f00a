"""What does it cost to hand ready messages to Segment, and how many arrive?

The same messages through everything that is made for it, into a sink that answers at once and into one that
takes 80 ms. Each peer is installed by name into a folder of its own and runs in a process of its own; CPU is
that process's alone, from the first message to the last flush. Only ours keeps a ledger.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import orjson

from benchmarks.rig.environments import Missing, node_with, python_with
from benchmarks.rig.hand_written import order_completed
from benchmarks.rig.orders import document, paid_orders, records
from benchmarks.rig.sink import arrived, sink
from benchmarks.tables import say, show

ROOT = Path(__file__).parents[1]
PEERS = Path(__file__).parent / "peers"
MESSAGES = 20_000
LINES = 5
SINKS = {"at once": 0.0, "80 ms": 0.08}
LONGEST = 180


@dataclass(frozen=True, slots=True)
class Peer:
    """`needs` are packages; `first` limits those that take far too long for all messages."""

    name: str
    file: str
    how: str = ""
    needs: tuple[str, ...] = ()
    first: int = MESSAGES


RIVAL = "segment-analytics-python, default"
PEERS_BY_NEED = (
    Peer("floor: packed bodies, raw socket", "floor.py"),
    Peer("ours, ledger on Postgres", "ours.py", "Postgres"),
    Peer("ours, ledger on SQLite", "ours.py", "SQLite"),
    Peer(RIVAL, "segment_python.py", "default", ("segment-analytics-python",)),
    Peer("segment-analytics-python, best", "segment_python.py", "best", ("segment-analytics-python",)),
    Peer("@segment/analytics-node, default", "segment_node.mjs", "default", ("@segment/analytics-node",)),
    Peer("@segment/analytics-node, best", "segment_node.mjs", "best", ("@segment/analytics-node",)),
    Peer("requests script", "requests_script.py", "", ("requests",)),
    Peer("dlt, own destination", "dlt_pipeline.py", "", ("dlt", "requests"), 5_000),
    Peer(
        "Airflow's Segment hook, as the operator",
        "airflow_operator.py",
        "",
        ("apache-airflow>=3.3,<3.4", "apache-airflow-providers-segment"),
        50,
    ),
)


def main() -> None:
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as folder:
        runners = dict(installed(Path(folder)))
        for answers, delay in SINKS.items():
            with sink(delay) as url:
                found = [measure(peer, runners[peer], answers, url, Path(folder)) for peer in runners]
            rows += compared(found)
    show("send", f"{MESSAGES:,} messages of {LINES} lines, ready to send", rows)


def installed(folder: Path) -> Iterator[tuple[Peer, list[str]]]:
    """How each is started; those that cannot be had are named, with the reason."""
    known: dict[tuple[str, ...], str | Missing] = {}
    for peer in PEERS_BY_NEED:
        if peer.needs not in known:
            known[peer.needs] = _install(folder / str(len(known)), peer)
        runner = known[peer.needs]
        if isinstance(runner, Missing):
            say(f"{peer.name}: left out, {runner}")
        else:
            yield peer, [runner, str(_script(folder, peer))]


def _install(folder: Path, peer: Peer) -> str | Missing:
    try:
        if peer.file.endswith(".mjs"):
            return node_with(folder.parent / "node", *peer.needs)
        return str(python_with(folder, *peer.needs)) if peer.needs else sys.executable
    except Missing as missing:
        return missing


def _script(folder: Path, peer: Peer) -> Path:
    """Node looks for packages beside the script."""
    if not peer.file.endswith(".mjs"):
        return PEERS / peer.file
    copy = folder / "node" / peer.file
    copy.write_text((PEERS / peer.file).read_text())
    return copy


def measure(peer: Peer, runner: list[str], answers: str, url: str, folder: Path) -> dict[str, Any]:
    path = folder / f"{peer.first}.jsonl"
    if not path.exists():
        path.write_bytes(b"\n".join(messages(peer.first)))
    own = {"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"} if not peer.needs else {}
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | own
    environment |= {"AIRFLOW_HOME": str(folder / "airflow"), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    command = [*runner, str(path), url, peer.how]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, env=environment)
    except subprocess.TimeoutExpired:
        say(f"{peer.name}: not done after {LONGEST} s")
        return {}
    if ran.returncode:
        said = (ran.stderr.strip().splitlines() or ["no word"])[-1]
        say(f"{peer.name}: failed, {said[:300]}")
        return {}
    took = json.loads(ran.stdout.strip().splitlines()[-1])
    came = arrived(url)
    say(f"{peer.name}, {answers}: {came:,} of {peer.first:,} in {took['wall']:.1f} s")
    return {
        "sender": peer.name,
        "sink answers": answers,
        "messages": peer.first,
        "arrived": came,
        "lost %": (peer.first - came) / peer.first * 100,
        "CPU us/arrived": took["cpu"] / max(came, 1) * 1e6,
        "of which recording": took.get("recording", 0.0) / max(came, 1) * 1e6,
        "wall s": took["wall"],
    }


def messages(count: int) -> list[bytes]:
    """Order Completed with five lines, each with an id and a person of its own."""
    kinds = [order_completed(document(record)) for record in records(paid_orders(200, LINES))]
    return [
        orjson.dumps(
            {
                **kinds[number % len(kinds)],
                "messageId": str(UUID(int=number)),
                "userId": f"user-{number}",
                "timestamp": "2026-03-01T12:00:00.000+00:00",
            }
        )
        for number in range(count)
    ]


def compared(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Beside Segment's own client as it comes."""
    rival = next((row["CPU us/arrived"] for row in found if row.get("sender") == RIVAL), float("nan"))
    return [{**row, "x default client": rival / row["CPU us/arrived"]} for row in found if row]


if __name__ == "__main__":
    main()
