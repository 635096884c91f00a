"""What is wrong with a message: a stable reason, a path, and words that never quote the message."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jsonschema import ValidationError

from commerce_events.domain.paths import json_path

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """`reason` is `contract:` and the schema keyword that was broken; `path` a JSON path into the message."""

    reason: str
    path: str
    message: str


def violation_of(errors: Iterable[ValidationError]) -> Violation | None:
    """The one nearest to the message's root; among equals the first by path, for ever the same one."""
    first = min(errors, key=_rank, default=None)
    if first is None:
        return None
    return Violation(f"contract:{first.validator}", json_path(_path(first)), _words(first))


def _rank(error: ValidationError) -> tuple[int, list[tuple[bool, str | int]], str]:
    path = _path(error)
    return len(path), [(isinstance(part, str), part) for part in path], str(error.validator)


def _path(error: ValidationError) -> Path:
    """A missing key's path is its own, not its parent's."""
    path = tuple(error.absolute_path)
    return (*path, _missing(error)) if error.validator == "required" else path


def _missing(error: ValidationError) -> str:
    """There is one error for each missing key, which names it only in its text."""
    wanted: Any = error.validator_value
    return str(next(name for name in wanted if error.message.startswith(repr(name))))


def _words(error: ValidationError) -> str:
    """A schema's own `$comment` says it best."""
    rule: Any = error.validator_value
    comment = error.schema.get("$comment") if isinstance(error.schema, dict) else None
    match error.validator:
        case "required":
            return "is missing"
        case _ if comment:
            return str(comment)
        case "type":
            return f"must be of type {_either(rule)}"
        case "const":
            return f"must be {rule!r}"
        case "enum":
            return f"must be one of {_either(rule)}"
        case "pattern":
            return f"must look like {rule}"
        case "minItems" | "minLength":
            return f"needs a length of at least {rule}"
        case "maxItems" | "maxLength":
            return f"may have a length of at most {rule}"
        case "minimum":
            return f"must be at least {rule}"
        case "maximum":
            return f"may be at most {rule}"
    return f"breaks the rule {error.validator}"


def _either(rule: Any) -> str:
    return " or ".join(map(str, rule)) if isinstance(rule, list) else str(rule)
