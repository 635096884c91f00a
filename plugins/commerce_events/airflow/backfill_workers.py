"""The windows of a plan, read side by side: by processes, for a template engine holds the interpreter's lock.

Each process opens its own ledger and store, and has a pipe of its own: one that is killed in the middle of
a word leaves no lock behind that others would wait for. None of them outlives who asked: what one had not
recorded yet is read again, by whoever applies the plan next.
"""

import logging
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NoReturn

from commerce_events.airflow import backfills
from commerce_events.airflow.backfill_worker import Failed, Recorded, Word, work
from commerce_events.domain.errors import TransientError
from commerce_events.domain.plans import Plan, PlanWindow
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.backfill import Listener, capture_window, nobody

SPAWN = get_context("spawn")
A_MOMENT = 5.0  # seconds between the last word of a process and its end
AGAIN = "What is recorded stands; applying the plan again goes on there"


def read_windows(plan: Plan, ledger: Ledger, workers: int, told: Listener = nobody) -> None:
    """All that are left, people before what they bought. The first failure ends it, and is raised here."""
    streams = [list(windows) for _, windows in groupby(plan.left, lambda window: window.stream)]
    most = min(workers, max(map(len, streams), default=0))
    if most > 1:
        with _started(plan, most) as crew:
            for windows in streams:
                _share_out(windows, crew, told)
        return
    store = backfills.opened(plan, ledger)
    for window in plan.left:
        capture_window(store, plan, window.number, told)


@dataclass(slots=True)
class Worker:
    process: BaseProcess
    pipe: Connection
    window: PlanWindow

    def begin(self, window: PlanWindow) -> None:
        self.window = window
        try:
            self.pipe.send(window.number)
        except ConnectionError:
            self._died()

    def hear(self) -> Word:
        """The next word; raises what ended the worker."""
        try:
            word: Word = self.pipe.recv()
        except (EOFError, ConnectionError):
            self._died()
        if isinstance(word, Failed):
            raise word.kind(f"window {self.window.number}, {self.window.label}: {word.says}\n{AGAIN}")
        return word

    def _died(self) -> NoReturn:
        self.process.join(A_MOMENT)
        code = self.process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        hint = ". If memory ran out, take fewer --workers" if code == -signal.SIGKILL else ""
        raise TransientError(
            f"the process that read window {self.window.number}, {self.window.label}, {how}.\n{AGAIN}{hint}"
        )


def _share_out(windows: Sequence[PlanWindow], crew: Sequence[Worker], told: Listener) -> None:
    """Return once all are done; whoever is done with one takes the next."""
    left, busy = iter(windows), dict[Any, Worker]()
    for worker, window in zip(crew, left, strict=False):
        worker.begin(window)
        busy[worker.pipe] = worker
    while busy:
        for pipe in wait(list(busy)):
            worker, word = busy[pipe], busy[pipe].hear()
            if isinstance(word, Recorded):
                told(worker.window, word.records)
            elif following := next(left, None):
                worker.begin(following)
            else:
                del busy[pipe]


@contextmanager
def _started(plan: Plan, count: int) -> Iterator[list[Worker]]:
    crew: list[Worker] = []
    try:
        with _ctrl_c_is_ours():
            for _ in range(count):
                crew.append(_start(plan))
        yield crew
    finally:
        for worker in crew:
            worker.pipe.close()
            worker.process.kill()
        for worker in crew:
            worker.process.join()


def _start(plan: Plan) -> Worker:
    ours, theirs = SPAWN.Pipe()
    level = logging.getLogger("commerce_events").level
    process = SPAWN.Process(target=work, args=(plan.id, theirs, level), daemon=True)
    process.start()
    theirs.close()  # else one that is killed leaves us waiting for its word
    return Worker(process, ours, plan.left[0])


@contextmanager
def _ctrl_c_is_ours() -> Iterator[None]:
    """The terminal sends it to everybody; who is started meanwhile does not hear it, and needs not to."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
