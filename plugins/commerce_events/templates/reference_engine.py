"""The reference engine: jsonata-python, with its traps closed.

What is closed here, and where it was met: a compiled object shared between threads shows one order's
data to another (`$$` and all built-in functions go through per-class state); the clock behind `$now`
stops at the last compilation; its own limits count over all evaluations of an object; a template that
ends in a comment does not parse; a group-by on an empty list changes the input; plain Python errors,
some quoting the data, come out of nearly every function.

Not closed: a regular expression that backtracks for ever, and results that grow without end. Templates which
may do either are rendered in a process of their own (see dangers.py).
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jsonata import Functions, Jsonata, Utils

from commerce_events.domain.errors import ConfigurationError, TemplateError
from commerce_events.domain.moments import micros
from commerce_events.templates.complaints import TOO_LARGE, place, rendering, stopped_at, syntax
from commerce_events.templates.fresh import fresh
from commerce_events.templates.plain import plain
from commerce_events.templates.refusals import REFUSED, refusal
from commerce_events.templates.strict import FUNCTIONS, StrictJsonata
from commerce_events.templates.watch import Watch


class ReferenceEngine:
    """Slow, pure Python, and the measure for any other engine."""

    def compile(self, name: str, source: str) -> "ReferenceTemplate":
        template = ReferenceTemplate(name, source)
        refused = refusal(template.compiled().ast)
        if refused is not None:
            raise ConfigurationError(f"{name}{place(source, refused.position)}: {refused.reason}")
        return template


@dataclass(frozen=True)
class ReferenceTemplate:
    name: str
    source: str
    _of_thread: threading.local = field(default_factory=threading.local, compare=False, repr=False)

    def compiled(self) -> StrictJsonata:
        """This thread's own compiled object."""
        if not hasattr(self._of_thread, "compiled"):
            self._of_thread.compiled = _compile(self.name, self.source)
        compiled: StrictJsonata = self._of_thread.compiled
        return compiled

    def evaluate(self, document: Mapping[str, Any], occurred_at: datetime) -> Any:
        try:
            return plain(self._evaluate(document, occurred_at), null=Utils.NULL_VALUE)
        except TemplateError as error:
            problem = str(error)
        except MemoryError:
            problem = f": {TOO_LARGE}"
        raise TemplateError(f"{self.name}{problem}")  # outside of `except`: the cause may quote the data

    def _evaluate(self, document: Mapping[str, Any], occurred_at: datetime) -> Any:
        copy, size = fresh(document)
        watch = Watch(size)
        compiled = self.compiled()
        compiled.watch = watch
        Jsonata.CURRENT.jsonata = compiled  # else built-in functions act for whatever was compiled last
        try:
            return compiled.evaluate(copy, {**_OWN, **_clock(occurred_at), "__evaluate_entry": watch.step})
        except Exception as error:  # noqa: BLE001 - the engine lets every kind of Python error out
            raise TemplateError(f"{place(self.source, watch.position)}: {rendering(error)}") from None


def _compile(name: str, source: str) -> StrictJsonata:
    try:
        compiled = StrictJsonata(source + "\n")  # a template may end in a comment
    except Exception as error:  # noqa: BLE001 - KeyError and IndexError are among its syntax errors
        problem = f"{name}{place(source, stopped_at(error))}: {syntax(error)}"
    else:
        compiled.set_validate_input(False)  # the input is parsed JSON
        compiled.set_output_convert_nulls(False)
        return compiled
    raise ConfigurationError(problem)


def _clock(occurred_at: datetime) -> dict[str, Any]:
    millis = micros(occurred_at) // 1000

    def now(picture: str | None = None, timezone: str | None = None) -> Any:
        return Functions.datetime_from_millis(millis, picture, timezone)

    return {"now": Jsonata.JLambda(now), "millis": Jsonata.JLambda(lambda: millis)}


def _refuse(*_arguments: Any) -> Any:
    """Loading refuses these names; this is for a way around it that nobody has thought of."""
    raise TemplateError("the template calls a function that is not allowed")


_OWN = {**FUNCTIONS, **{name: Jsonata.JLambda(_refuse) for name in REFUSED}}
