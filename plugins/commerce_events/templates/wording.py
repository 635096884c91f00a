"""How a template's input puts things: what is not known is absent."""

from collections.abc import Mapping
from typing import Any

_NEVER_EMPTY = frozenset({int, float, bool})


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None or empty. Zero and False are known."""
    return {name: value for name, value in values.items() if value or value.__class__ in _NEVER_EMPTY}
