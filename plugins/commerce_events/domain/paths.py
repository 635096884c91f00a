"""JSON paths for messages about data: they say where, and never what."""

import re
from collections.abc import Iterable

# Keys may come from content (an e-mail address as a key), so only what looks like a field's name is shown.
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def json_path(parts: Iterable[str | int]) -> str:
    """("properties", "products", 0, "price") is `$.properties.products[0].price`; odd keys become `[*]`."""
    return "$" + "".join(_step(part) for part in parts)


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _FIELD.fullmatch(part) else "[*]"
