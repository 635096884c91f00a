"""The fast engine: jsonatapy, where its wheel is installed, with its traps closed.

What is closed here: the module must first be imported by the main thread, or a later compilation ends the
process; a compiled object belongs to the thread that made it; panics are no `Exception`; whole numbers
beyond 2^53 and infinite ones come out changed; error texts quote the data; the clock is the wall's.

Whatever it cannot answer for is asked of the reference engine, which also words every error.
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

import orjson
from jsonata import Functions

from commerce_events.domain.errors import ConfigurationError, TemplateError
from commerce_events.domain.moments import micros
from commerce_events.templates.distrust import CLOCK, does_arithmetic
from commerce_events.templates.fresh import document_text, has_sixteen_digits
from commerce_events.templates.plain import MAX_DEPTH, MAX_SIZE, plain
from commerce_events.templates.reference_engine import ReferenceTemplate
from commerce_events.templates.syntax_tree import all_variables
from commerce_events.templates.watch import MAX_CALLS

LIMITS = {"timeout": 2_000, "max_stack_depth": MAX_CALLS, "max_sequence_length": 100_000}

# Answers that may stand for another one: a number beyond 2^53, and null for a number that is not finite.
_LARGE = re.compile(r"[:,\[]-?(\d{16}|[\d.]+e\+)")
_NULL_OR_LARGE = re.compile(r"[:,\[](null|-?(\d{16}|[\d.]+e\+))")


class Doubt(Exception):
    """This one answer is to be asked of the reference engine; it says nothing about the next."""


def _loaded() -> tuple[Any, str]:
    """The module, and why there is none. Everything it does lazily is done once, here."""
    if threading.current_thread() is not threading.main_thread():
        return None, "the fast engine must be loaded by the main thread, and was not"
    try:
        module = import_module("jsonatapy")
    except ImportError:
        return None, "the fast engine is not installed (no wheel for this platform, or without `fast`)"
    module.compile("$now()").register_override("now", lambda: 0).evaluate_json("{}")
    return module, ""


_JSONATAPY, ABSENT = _loaded()


class FastEngine:
    """A second engine. `ABSENT` says why it is not there, and is empty where it is."""

    def compile(self, name: str, source: str) -> "FastTemplate":
        """Raises ConfigurationError where the engine is not there or does not take the template."""
        if ABSENT:
            raise ConfigurationError(f"{name}: {ABSENT}")
        tree = ReferenceTemplate(name, source).compiled().ast
        clocks = tuple(sorted(all_variables(tree).intersection(CLOCK)))
        template = FastTemplate(name, source, clocks, does_arithmetic(tree))
        template.compiled()
        return template


@dataclass
class _Clock:
    millis: int = 0

    def now(self, picture: str | None = None, timezone: str | None = None) -> Any:
        return Functions.datetime_from_millis(self.millis, picture, timezone)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """One thread's compiled object, and the clock that it asks."""

    expression: Any
    clock: _Clock


class _OfThread(threading.local):
    """Compiled objects by what they were made of. Kept here and not by their templates: whichever thread
    collects those as garbage must not drop what belongs to another.
    """

    def __init__(self) -> None:
        self.compiled: dict[tuple[str, tuple[str, ...]], _Compiled] = {}


_OF_THREAD = _OfThread()
MOST_COMPILED = 200


@dataclass(frozen=True)
class FastTemplate:
    name: str
    source: str
    clocks: tuple[str, ...]
    doubts_null: bool

    def compiled(self) -> _Compiled:
        """This thread's own compiled object."""
        made, key = _OF_THREAD.compiled, (self.source, self.clocks)
        if key not in made:
            if len(made) >= MOST_COMPILED:
                made.clear()
            made[key] = _contained(self.name, self._compile)
        return made[key]

    def evaluate(self, document: Mapping[str, Any], occurred_at: datetime) -> Any:
        """As the protocol says, except that it raises Doubt too, and TemplateError without a place."""
        return self.evaluate_text(document_text(document), occurred_at)

    def evaluate_text(self, document: bytes, occurred_at: datetime) -> Any:
        compiled = self.compiled()
        compiled.clock.millis = micros(occurred_at) // 1000
        answer = _contained(self.name, lambda: compiled.expression.evaluate_json(document.decode(), **LIMITS))
        if self._is_doubtful(answer):
            raise Doubt
        result = orjson.loads(answer)
        return result if _is_modest(answer) else plain(result)

    def _is_doubtful(self, answer: str) -> bool:
        """What stands in front of the patterns is true of few answers, and costs a tenth of their time."""
        if self.doubts_null and "null" in answer:
            return _NULL_OR_LARGE.search(answer) is not None
        may_be_large = "e+" in answer or has_sixteen_digits(answer.encode())
        return may_be_large and _LARGE.search(answer) is not None

    def _compile(self) -> _Compiled:
        clock = _Clock()
        expression = _JSONATAPY.compile(self.source)
        overrides = {"now": clock.now, "millis": lambda: clock.millis}
        for name in self.clocks:
            expression.register_override(name, overrides[name])
        return _Compiled(expression, clock)


def _is_modest(answer: str) -> bool:
    """Parsed text is plain already; what is left to hold it to is size and depth."""
    return len(answer) < MAX_SIZE // 2 and answer.count("{") + answer.count("[") < MAX_DEPTH


def _contained(name: str, work: Callable[[], Any]) -> Any:
    """Engine errors quote the data, and its panics pass by every `except Exception`."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - jsonatapy promises ValueError; the clock may raise others
        problem = type(error).__name__
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        problem = "panic"
    raise TemplateError(f"{name}: the fast engine has no answer ({problem})")
