"""What the product asks of a JSONata engine, so that a faster one can stand beside the reference one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

REFERENCE, FAST = "reference", "fast"
Choice = Literal["auto", "reference"]


class Template(Protocol):
    """A compiled template. Safe to share between threads."""

    def evaluate(self, document: Mapping[str, Any], occurred_at: datetime) -> Any:
        """The template's result as plain JSON (dict, list, str, int, float, bool), or None for nothing.

        `document` is left as it was. `$now` and `$millis` answer `occurred_at`, so that the same fact
        renders to the same message on any day. Undefined and null are both "nothing" at the top.
        Raises TemplateError, and nothing else, whatever the template or the document holds.
        """
        ...


class Engine(Protocol):
    """Compiles templates. One engine serves all threads."""

    def compile(self, name: str, source: str) -> Template:
        """Raises ConfigurationError with `name`, line and column where the source is refused."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """How a template is to be served: by the fast engine where it agrees, or by the reference in any case.

    One in `check_every` of the fast engine's answers is compared with the reference's.
    """

    engine: Choice = "auto"
    check_every: int = 1_000

    def __and__(self, other: "Service") -> "Service":
        """What satisfies both, for a template with two users."""
        either: Choice = "auto" if self.engine == other.engine == "auto" else "reference"
        return Service(either, min(self.check_every, other.check_every))


class Serving(NamedTuple):
    """Which engine serves a template, and why that one."""

    engine: str
    why: str
