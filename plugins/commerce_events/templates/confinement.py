"""Renders templates in a child process with limits; one child serves all of a process's threads.

A process that was forked has a child of its own: two must not talk on one connection.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from commerce_events.domain.errors import TemplateError
from commerce_events.domain.moments import micros
from commerce_events.templates.complaints import TOO_LARGE
from commerce_events.templates.frames import Gone, receive, send
from commerce_events.templates.fresh import document_text
from commerce_events.templates.limits import MIB, Limits

STARTS_WITHIN = 60.0
# This very package, and nothing else of the folder it is in: plugin folders hold files that are named like
# standard modules.
PACKAGE = str(Path(__file__).resolve().parents[1])
BOOTSTRAP = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
folder = sys.argv.pop(1)
start = folder + "/__init__.py"
spec = spec_from_file_location("commerce_events", start, submodule_search_locations=[folder])
sys.modules["commerce_events"] = package = module_from_spec(spec)
spec.loader.exec_module(package)
from commerce_events.templates.confined import main
main()
"""
INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")  # connections are in the environment, too


@dataclass(frozen=True, slots=True)
class Child:
    process: subprocess.Popen[bytes]
    connection: socket.socket

    def ended(self) -> int | None:
        """How it ended, once it has; waits for it."""
        self.connection.close()
        try:
            return self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Confinement:
    """Starts the child when it is first needed, and anew after it ended."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._child: Child | None = None

    def ask(self, request: bytes) -> bytes:
        """The child's answer. Raises TemplateError saying which limit was met."""
        with self._lock:
            child = self._running()
            try:
                child.connection.settimeout(self.limits.wall_seconds)
                send(child.connection, request)
                return receive(child.connection, self.limits.wall_seconds)
            except TimeoutError:
                child.process.kill()
                problem = f"takes longer than {self.limits.wall_seconds:g} seconds"
                self._end()
            except Gone:
                problem = self._cause(self._end())
        raise TemplateError(problem)

    def close(self) -> None:
        with self._lock:
            self._end()

    def _running(self) -> Child:
        if self._child is not None and self._child.process.poll() is not None:
            self._end()
        if self._child is None:
            self._child = _start(self.limits)
        return self._child

    def _end(self) -> int | None:
        child, self._child = self._child, None
        return child.ended() if child else None

    def _cause(self, code: int | None) -> str:
        if code == -signal.SIGXCPU:
            return f"takes more than {self.limits.cpu_seconds} seconds of computing"
        return f"ended the process that rendered it; {self.limits.memory // MIB} MiB of memory are allowed"


def _start(limits: Limits) -> Child:
    ours, theirs = socket.socketpair()
    arguments = [PACKAGE, str(limits.memory), str(limits.cpu_seconds)]
    with theirs:
        process = subprocess.Popen(  # no preexec_fn: it is unsafe beside threads
            [sys.executable, "-P", "-c", BOOTSTRAP, *arguments],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in INHERITED if name in os.environ},
        )
    child = Child(process, ours)
    try:
        receive(ours, STARTS_WITHIN)
    except (Gone, TimeoutError):
        process.kill()
        child.ended()
    else:
        return child
    raise TemplateError("needs a process of its own, and that could not be started")


_running: dict[Limits, Confinement] = {}


def confinement(limits: Limits) -> Confinement:
    return _running.setdefault(limits, Confinement(limits))


def _close_all() -> None:
    for each in _running.values():
        each.close()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_running.clear)


@dataclass(frozen=True)
class ConfinedTemplate:
    """A template of the reference engine, rendered elsewhere."""

    name: str
    source: str
    limits: Limits = field(default_factory=Limits)

    def evaluate(self, document: Mapping[str, Any], occurred_at: datetime) -> Any:
        try:
            text = document_text(document)
            request = [self.name, self.source, micros(occurred_at), orjson.Fragment(text)]
            answer = confinement(self.limits).ask(orjson.dumps(request))
        except TemplateError as error:
            problem = f"{self.name}: {str(error).removeprefix(': ')}"
            raise TemplateError(problem) from None
        result, wrong = orjson.loads(answer)
        if wrong is not None:
            raise TemplateError(wrong.replace(TOO_LARGE, f"{TOO_LARGE} ({self.limits.memory // MIB} MiB)"))
        return result
