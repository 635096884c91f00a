"""What an engine returned, as plain JSON: engines hand out functions, their own lists, NaN and worse."""

import math
from collections.abc import Mapping
from typing import Any

from commerce_events.domain.errors import TemplateError
from commerce_events.domain.paths import json_path

MAX_DEPTH = 64
MAX_SIZE = 1_000_000  # characters and values together; Segment takes 32,000 bytes a message
MAX_WHOLE = 2**53  # beyond this, receivers that count in doubles see another number

Path = tuple[str | int, ...]


def plain(value: Any, null: object = None) -> Any:
    """A copy made of dict, list, str, int, float, bool and None only; `null` is the engine's JSON null.

    Whole floats become ints, so that engines which differ there give the same bytes.
    """
    return _Copy(null).of(value, ())


class _Copy:
    def __init__(self, null: object) -> None:
        self._null = null
        self._left = MAX_SIZE

    def of(self, value: Any, path: Path) -> Any:
        self._spend(1, path)
        if value is None or value is self._null:
            return None
        match value:
            case bool():
                return value
            case int() | float():
                return _number(value, path)
            case str():
                return self._text(value, path)
            case list():
                return [self.of(item, (*path, place)) for place, item in enumerate(value)]
            case dict():
                return self._object(value, path)
        raise _not_json("a function or an object that JSON does not know", path)

    def _object(self, value: Mapping[Any, Any], path: Path) -> dict[str, Any]:
        if any(not isinstance(key, str) for key in value):
            raise _not_json("a key that is not a string", path)
        return {self._text(key, path): self.of(item, (*path, key)) for key, item in value.items()}

    def _text(self, value: str, path: Path) -> str:
        self._spend(len(value), path)
        if value.isascii():
            return value
        try:  # "\uD83D\uDE00" in a template arrives as two halves of one character
            return value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            problem = _not_json("half of a character", path)
        raise problem

    def _spend(self, cost: int, path: Path) -> None:
        self._left -= cost
        if self._left < 0:
            raise _not_json(f"more than {MAX_SIZE:,} characters and values", ())
        if len(path) > MAX_DEPTH:
            raise _not_json(f"nested more than {MAX_DEPTH} levels deep", ())


def _number(value: int | float, path: Path) -> int | float:
    if isinstance(value, float) and not math.isfinite(value):
        raise _not_json("not a finite number", path)
    if isinstance(value, int) and abs(value) > MAX_WHOLE:
        raise _not_json("a whole number beyond 2^53 (give long ids as strings)", path)
    whole = abs(value) <= MAX_WHOLE and value == int(value)
    return int(value) if whole else float(value)


def _not_json(what: str, path: Path) -> TemplateError:
    return TemplateError(f": the result is not usable as JSON: {what} at {json_path(path)}")
