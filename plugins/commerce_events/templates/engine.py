"""What the product asks of a JSONata engine, so that a faster one can stand beside the reference one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol


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
