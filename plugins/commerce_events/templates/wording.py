"""How a template's input puts things: what is not known is absent, times are text in UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_NEVER_EMPTY = frozenset({int, float, bool})


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None or empty. Zero and False are known."""
    return {name: value for name, value in values.items() if value or value.__class__ in _NEVER_EMPTY}


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
