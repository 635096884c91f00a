"""Bounds one evaluation, and remembers where in the template it is."""

from typing import Any

from commerce_events.domain.errors import TemplateError

# Steps are bounded, not time: a slow machine must not refuse what a fast one renders. Our templates take
# about a tenth of a step per byte of document.
BASE_STEPS = 100_000
STEPS_PER_BYTE = 10
# Calls inside each other. Where a thread's stack is small, sorting by a function that sorts ends the process
# long before Python's own limit is met.
MAX_CALLS = 100

ENDLESS = "the template does not come to an end"


class Watch:
    """One for each evaluation: nothing is counted from one to the next."""

    def __init__(self, size: int) -> None:
        self.position = 0
        self._left = BASE_STEPS + STEPS_PER_BYTE * size
        self._calls = 0

    def step(self, expression: Any, _input: Any = None, _environment: Any = None) -> None:
        """Called by the engine before each expression."""
        self.position = expression.position or self.position
        self.spend(1)

    def spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise TemplateError(ENDLESS)

    def __enter__(self) -> None:
        """Around each call of a function."""
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise TemplateError(ENDLESS)

    def __exit__(self, *_error: object) -> None:
        self._calls -= 1
