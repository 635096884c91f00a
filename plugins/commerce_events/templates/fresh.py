"""A document of its own for each evaluation: engines change their input, and results share parts of it."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from commerce_events.domain.errors import TemplateError

# From here on the reference engine writes whole numbers in text as 1.2e+15.
_LONG = 10**15
_MAYBE_LONG = re.compile(rb"[:,\[]-?\d{16,}")


def fresh(document: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """A copy to evaluate, and its size in bytes."""
    text = document_text(document)
    copy: dict[str, Any] = orjson.loads(text)
    return copy, len(text)


def document_text(document: Mapping[str, Any]) -> bytes:
    """A document as JSON. Whole numbers of 16 digits and more become strings: they are ids, and as strings
    they survive.
    """
    try:
        text = orjson.dumps(document)
    except TypeError:
        problem = ": the document holds what JSON does not know"
    else:
        return orjson.dumps(_long_as_text(orjson.loads(text))) if _MAYBE_LONG.search(text) else text
    raise TemplateError(problem)


def _long_as_text(value: Any) -> Any:
    match value:
        case dict():
            return {key: _long_as_text(item) for key, item in value.items()}
        case list():
            return [_long_as_text(item) for item in value]
        case int() if abs(value) >= _LONG and not isinstance(value, bool):
            return str(value)
    return value
