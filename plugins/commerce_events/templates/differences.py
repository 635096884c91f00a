"""Where two JSON values differ; numbers are compared as numbers, so 10 and 10.0 are the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from commerce_events.domain.paths import json_path

Path = tuple[str | int, ...]
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place, and both values as they are to be shown; they may be personal data."""

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, got {self.got}"


def differences(expected: Any, got: Any, path: Path = ()) -> Iterator[Difference]:
    """One for each place."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in [*expected, *(key for key in got if key not in expected)]:
            yield from differences(expected.get(key, _ABSENT), got.get(key, _ABSENT), (*path, key))
    elif isinstance(expected, list) and isinstance(got, list):
        for place in range(max(len(expected), len(got))):
            yield from differences(_at(expected, place), _at(got, place), (*path, place))
    elif not _same(expected, got):
        yield Difference(json_path(path), _shown(expected), _shown(got))


def _same(expected: Any, got: Any) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, int | float) and isinstance(got, int | float):
        return expected == got
    return type(expected) is type(got) and bool(expected == got)


def _at(values: list[Any], place: int) -> Any:
    return values[place] if place < len(values) else _ABSENT


def _shown(value: Any) -> str:
    return "nothing" if value is _ABSENT else repr(value)
