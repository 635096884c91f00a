"""A golden case as files: what a template sees, and the message expected of it.

guest.input.json       what the template sees; only what it reads, and `commerce.event.occurred_at`
guest.expected.json    its call, or a list of calls, or [] for none
guest.violation.json   only where the message must break its contract: {"reason": ..., "path": ...}
"""

from dataclasses import dataclass
from datetime import datetime
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any

from commerce_events.domain.errors import ConfigurationError

INPUT, EXPECTED, VIOLATION = ".input.json", ".expected.json", ".violation.json"


@dataclass(frozen=True, slots=True)
class Case:
    document: dict[str, Any]
    occurred_at: datetime
    expected: list[Any]
    violation: dict[str, Any] | None


def read_case(stem: Path) -> Case:
    """Raises ConfigurationError naming the file, and the place in it, that cannot be used."""
    document = _read(stem, INPUT)
    expected = _read(stem, EXPECTED)
    return Case(
        document=document,
        occurred_at=_occurred_at(stem, document),
        expected=expected if isinstance(expected, list) else [expected],
        violation=_read(stem, VIOLATION) if Path(f"{stem}{VIOLATION}").exists() else None,
    )


def _read(stem: Path, suffix: str) -> Any:
    path = Path(f"{stem}{suffix}")
    try:
        return loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigurationError(f"{path}: there is no such file") from None
    except JSONDecodeError as error:
        raise ConfigurationError(f"{path}: line {error.lineno}, column {error.colno}: {error.msg}") from None


def _occurred_at(stem: Path, document: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(document["commerce"]["event"]["occurred_at"])
    except (KeyError, TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        problem = "commerce.event.occurred_at must be a time with its zone"
        raise ConfigurationError(f"{stem}{INPUT}: {problem}")
    return moment
