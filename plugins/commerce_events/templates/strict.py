"""jsonata-python where its own answers are wrong, endless or talkative: `%`, ranges, `$number`, `$pad`,
`$lowercase`.

It overrides methods of the pinned release; tests hold each of them.
"""

import math
import re
from typing import Any

from jsonata import Functions, JException, Jsonata, Utils

from commerce_events.templates.watch import Watch

MAX_PAD = 10_000

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_OTHER_BASE = re.compile(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+")
_NOT_CALLABLE = (str, int, float, list, dict, Utils.NullValue)


class StrictJsonata(Jsonata):  # type: ignore[misc]
    """One thread's compiled template; `watch` is set anew for each evaluation."""

    watch: Watch

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: str | None) -> Any:
        """5.5 % 2 is 1.5; the original cuts it to 1."""
        if op == "%" and Utils.is_numeric(lhs) and Utils.is_numeric(rhs):
            return Utils.convert_number(math.fmod(lhs, rhs))
        return super().evaluate_numeric_expression(lhs, rhs, op)

    def evaluate_range_expression(self, lhs: Any, rhs: Any) -> Any:
        """A range to 3.0 is a range to 3. Millions would run for minutes as one step."""
        first, last = _whole(lhs), _whole(rhs)
        if isinstance(first, int) and isinstance(last, int):
            self.watch.spend(max(0, last - first))
        return super().evaluate_range_expression(first, last)

    def apply_inner(self, proc: Any, args: Any, input: Any, environment: Any) -> Any:
        """The original prints what cannot be called, which may be a customer's address, to the log."""
        if isinstance(proc, _NOT_CALLABLE):
            raise JException("T1006", -1)
        with self.watch:
            return super().apply_inner(proc, args, input, environment)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: Any) -> Any:
    """The original takes "1_000", "nan" and " 1 " for numbers."""
    if isinstance(value, str):
        if _OTHER_BASE.fullmatch(value):
            return int(value, 0)
        if not _DECIMAL.fullmatch(value):
            raise JException("D3030", -1)
    return Functions.number(value)


def _pad(text: Any, width: Any = None, filling: Any = None) -> Any:
    if Utils.is_numeric(width) and abs(width) > MAX_PAD:
        raise JException("D1001", -1)
    return Functions.pad(text, width, filling)


def _lowercase(text: Any) -> Any:
    """The original folds case: "Straße" becomes "strasse", which is another address."""
    return text.lower() if isinstance(text, str) else text


FUNCTIONS = {
    "lowercase": Jsonata.JFunction(Jsonata.JLambda(_lowercase), "<s-:s>"),
    "number": Jsonata.JFunction(Jsonata.JLambda(_number), "<(nsb)-:n>"),
    "pad": Jsonata.JFunction(Jsonata.JLambda(_pad), "<s-ns?:s>"),
}
