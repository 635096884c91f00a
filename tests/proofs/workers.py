"""Processes that run pieces of the pipeline against a test's stand-ins, and can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Any, Literal

import psutil
from pipeline import Pipeline

from commerce_events.sandbox import faults
from commerce_events.sandbox.http import StandIn

KILLED = signal.SIGKILL  # what waitpid says of one that was killed
TESTS = Path(__file__).parents[1]


class Workers:
    """The process that all others are forked from."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "proofs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=TESTS,
        )
        self._lock = Lock()

    def start(self, line: Pipeline, *steps: str, ahead: float = 0.0) -> int:
        """Run these methods of a pipeline like `line`; `ahead`: by how many seconds its clock is fast."""
        job = {
            "ledger": line.ledger.engine.url.render_as_string(hide_password=False),
            "shop": line.shop.url,
            "segment": line.segment.url,
            "page": line.paging.page,
            "wall": line.paging.wall,
            "parcel": line.parcel,
            "budget": line.budget.total_seconds(),
            "ahead": ahead,
            "steps": steps,
        }
        return self._ask(job)

    def wait(self, process: int) -> int:
        """Its end, as waitpid tells it: 0, or the signal, or 256 for an exception."""
        return self._ask(process)

    def close(self) -> None:
        self._process.communicate()

    def _ask(self, wanted: Any) -> int:
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            self._process.stdin.write(json.dumps(wanted) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())


@dataclass
class Moment:
    """When to kill: `offset` seconds after a stand-in saw `requests` more, at the latest after `latest`.

    Without an offset the process dies before its request is answered; that is acted on all the same, unless
    it is `lost` as well.
    """

    stand_in: Literal["shop", "segment"]
    requests: int
    offset: float
    latest: float
    lost: bool = False


class Executioner:
    """Counts what the stand-ins are asked, and kills at the chosen moment."""

    def __init__(self, line: Pipeline) -> None:
        self._left = {"shop": 0, "segment": 0}
        self._moment: Moment | None = None
        self._process = 0
        self._due = Event()
        self._lock = Lock()
        line.shop.on_request(lambda _: self._seen("shop", line.shop))
        line.segment.on_request(lambda _: self._seen("segment", line.segment))

    def kill(self, process: int, moment: Moment) -> None:
        """Return once the process was killed, or ended by itself."""
        self._due.clear()
        with self._lock:
            self._left = {"shop": 0, "segment": 0, moment.stand_in: moment.requests}
            self._moment, self._process = moment, process
        deadline = time.monotonic() + moment.latest
        while not self._due.wait(0.005) and time.monotonic() < deadline:
            if psutil.Process(process).status() == psutil.STATUS_ZOMBIE:
                return
        time.sleep(moment.offset)
        os.kill(process, signal.SIGKILL)

    def _seen(self, name: str, stand_in: StandIn) -> None:
        with self._lock:
            self._left[name] -= 1
            if self._left[name] != 0:
                return
            if self._moment and not self._moment.offset:
                os.kill(self._process, signal.SIGKILL)
                if self._moment.lost:
                    stand_in.faults.next(faults.RESET)
            self._due.set()
