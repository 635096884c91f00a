"""Bounds one evaluation, and remembers where in the template it is."""

from typing import Any

from commerce_events.domain.errors import TemplateError

# Steps are bounded, not time: a slow machine must not refuse what a fast one renders. Our templates take
# about a tenth of a step per byte of document.
BASE_STEPS = 100_000
STEPS_PER_BYTE = 10

ENDLESS = "the template does not come to an end"


class Watch:
    """One for each evaluation: nothing is counted from one to the next."""

    def __init__(self, size: int) -> None:
        self.position = 0
        self._left = BASE_STEPS + STEPS_PER_BYTE * size

    def step(self, expression: Any, _input: Any, _environment: Any) -> None:
        """Called by the engine before each expression."""
        self.position = expression.position or self.position
        self._left -= 1
        if self._left < 0:
            raise TemplateError(ENDLESS)
