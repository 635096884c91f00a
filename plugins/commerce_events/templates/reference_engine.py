"""The reference engine: jsonata-python, with its traps closed.

What is closed here, and where it was met: a compiled object shared between threads shows one order's
data to another (`$$` and all built-in functions go through per-class state); the clock behind `$now`
stops at the last compilation; its own limits count over all evaluations of an object; a template that
ends in a comment does not parse; a group-by on an empty list changes the input; plain Python errors,
some quoting the data, come out of nearly every function.

Not closed: a regular expression that backtracks for ever, and built-in functions over huge ranges, run
until they end. Templates are the merchant's own code, not the public's.
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from jsonata import Functions, JException, Jsonata, Utils

from commerce_events.domain.errors import ConfigurationError, TemplateError
from commerce_events.domain.moments import micros
from commerce_events.templates.engine import Template
from commerce_events.templates.plain import plain
from commerce_events.templates.refusals import REFUSED, refusal

# An evaluation's steps are bounded, not its time: a slow machine must not refuse what a fast one renders.
# Our templates take about 0.1 step per byte of document.
BASE_STEPS = 100_000
STEPS_PER_BYTE = 10

TOO_LONG = "the template does not come to an end"
FAILED = "the template raised an error of its own"
# The engine's own message text, with what it would quote of the data cut out.
_QUOTED = re.compile(r"\{+\w+\}+")
_RAISED_BY_TEMPLATE = ("D3137", "D3141")


class ReferenceEngine:
    """Slow, pure Python, and the measure for any other engine."""

    def compile(self, name: str, source: str) -> Template:
        template = ReferenceTemplate(name, source)
        refused = refusal(template.compiled().ast)
        if refused is not None:
            where = _place(source, refused.position)
            raise ConfigurationError(f"{name}{where}: {refused.reason}")
        return template


@dataclass(frozen=True)
class ReferenceTemplate:
    name: str
    source: str
    _of_thread: threading.local = field(default_factory=threading.local, compare=False, repr=False)

    def compiled(self) -> Any:
        """This thread's own compiled object."""
        if not hasattr(self._of_thread, "compiled"):
            self._of_thread.compiled = _compile(self.name, self.source)
        return self._of_thread.compiled

    def evaluate(self, document: Mapping[str, Any], occurred_at: datetime) -> Any:
        watch = _Watch()
        try:
            return self._evaluate(document, occurred_at, watch)
        except TemplateError as error:
            problem = f"{self.name}: {error}"
        except Exception as error:  # noqa: BLE001 - the engine lets every kind of Python error out
            problem = f"{self.name}{_place(self.source, watch.position)}: {_meaning(error)}"
        raise TemplateError(problem)  # outside of `except`: the cause may quote the data

    def _evaluate(self, document: Mapping[str, Any], occurred_at: datetime, watch: "_Watch") -> Any:
        compiled = self.compiled()
        text = orjson.dumps(document)
        watch.left = BASE_STEPS + STEPS_PER_BYTE * len(text)
        Jsonata.CURRENT.jsonata = compiled  # else built-in functions act for whatever was compiled last
        result = compiled.evaluate(orjson.loads(text), _bindings(occurred_at, watch))
        return plain(result, null=Utils.NULL_VALUE)


class _Watch:
    """Counts an evaluation's steps, and remembers where in the template it is."""

    def __init__(self) -> None:
        self.left = 0
        self.position = 0

    def enter(self, expression: Any, _input: Any, _environment: Any) -> None:
        self.position = expression.position or self.position
        self.left -= 1
        if self.left < 0:
            raise TemplateError(TOO_LONG)


def _bindings(occurred_at: datetime, watch: _Watch) -> dict[str, Any]:
    """What one evaluation has of its own: its clock, its watch, and no way around the refusals."""
    millis = micros(occurred_at) // 1000

    def now(picture: str | None = None, timezone: str | None = None) -> Any:
        return Functions.datetime_from_millis(millis, picture, timezone)

    return {
        **{name: Jsonata.JLambda(_refuser(name)) for name in REFUSED},
        "now": Jsonata.JLambda(now),
        "millis": Jsonata.JLambda(lambda: millis),
        "__evaluate_entry": watch.enter,
    }


def _refuser(name: str) -> Callable[..., Any]:
    def refuse(*_arguments: Any) -> Any:
        raise TemplateError(f"${name} is not allowed")

    return refuse


def _compile(name: str, source: str) -> Any:
    try:
        compiled = Jsonata(source + "\n")  # a template may end in a comment
    except Exception as error:  # noqa: BLE001 - KeyError and IndexError are among its syntax errors
        problem = f"{name}{_place(source, _stopped_at(error))}: {_syntax(error)}"
    else:
        compiled.set_validate_input(False)  # the input is parsed JSON
        compiled.set_output_convert_nulls(False)
        return compiled
    raise ConfigurationError(problem)


def _stopped_at(error: Exception) -> int:
    if isinstance(error, JException) and error.location > 0:
        return int(error.location)
    return int(Jsonata.get_parser().lexer.position)


def _place(source: str, position: int) -> str:
    """`: line 3, column 7`, where the engine stood: just behind the word it could not take."""
    if position <= 0:
        return ""
    before = source[:position]
    return f": line {before.count(chr(10)) + 1}, column {position - before.rfind(chr(10)) - 1}"


def _syntax(error: Exception) -> str:
    """What is wrong with a template's text; quoting the template is fine."""
    if isinstance(error, JException):
        return f"{error} ({error.error})"
    return f"syntax error near {error}"


def _meaning(error: Exception) -> str:
    """What went wrong while rendering, without a word of the data."""
    if isinstance(error, RecursionError):
        return TOO_LONG
    if not isinstance(error, JException):
        return f"a value cannot be used here ({type(error).__name__})"
    if error.error in _RAISED_BY_TEMPLATE:
        return FAILED
    text = _QUOTED.sub("...", JException.error_codes.get(error.error, "evaluation failed"))
    return f"{text} ({error.error})"
