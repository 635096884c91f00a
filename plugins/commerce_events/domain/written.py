"""A document that is kept as text: as objects it takes six times the memory, and few look into it."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from json import loads
from typing import Any


class Written(Mapping[str, Any]):
    """A JSON object, parsed when somebody first asks for what it holds."""

    def __init__(self, text: bytes) -> None:
        self.text = text

    @cached_property
    def _held(self) -> dict[str, Any]:
        held: dict[str, Any] = loads(self.text)
        return held

    def __getitem__(self, key: str) -> Any:
        return self._held[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
