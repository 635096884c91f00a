"""Erases people in processes that die on the way: `python -m proofs.people.eraser`, one job a line.

A job is a ledger's URL, a person, and the statement before which the process is killed; each is forked from
this process, which has everything imported, and answered by how it ended.
"""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger

KEY = b"a key for tests"
TESTS = Path(__file__).parents[2]


class Eraser:
    """The process that all others are forked from."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-m", "proofs.people.eraser"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=TESTS
        )

    def erase(self, ledger: Ledger, who: str, *, dies_before: int) -> bool:
        """Whether it was killed on the way."""
        assert self._process.stdin
        assert self._process.stdout
        url = ledger.engine.url.render_as_string(hide_password=False)
        self._process.stdin.write(json.dumps([url, who, dies_before]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline()) == signal.SIGKILL

    def close(self) -> None:
        self._process.communicate()


def work(url: str, who: str, dies_before: int) -> None:
    engine, left = open_engine(url), [dies_before]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    Ledger(engine).erasures.erase("main", who, KEY, datetime.now(UTC))


def main() -> None:
    for line in sys.stdin:
        process = os.fork()
        if not process:
            work(*json.loads(line))
            os._exit(0)
        print(os.waitpid(process, 0)[1], flush=True)


if __name__ == "__main__":
    main()
