"""Mistakes in `commerce.toml`, in words for the person who wrote it. Values are never quoted."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

WORDS = {
    "missing": "is required",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be a text in quotes",
    "timezone_aware": "needs an offset, as in 2026-01-01T00:00:00Z",
    "datetime_type": "must be a time with an offset, as in 2026-01-01T00:00:00Z",
    "datetime_parsing": "must be a time with an offset, as in 2026-01-01T00:00:00Z",
    "datetime_from_date_parsing": "must be a time with an offset, as in 2026-01-01T00:00:00Z",
    "uuid_parsing": "must be a UUID; make one with `python -c 'import uuid; print(uuid.uuid4())'`",
    "uuid_type": "must be a UUID in quotes",
    "tuple_type": 'must be a list, as in ["a", "b"]',
    "frozen_set_type": 'must be a list, as in ["a", "b"]',
    "dict_type": "must be a section with keys of its own",
    "model_type": "must be a section with keys of its own",
    "model_attributes_type": "must be a section with keys of its own",
}

PATTERNS = {
    r"^[a-z][a-z0-9_-]{0,39}$": "names are a-z, 0-9, - and _, and start with a letter",
    r"^[^.\s]+(\.[^.\s]+)*$": 'must be a dotted path, as in "customer.email"',
    r"^https?://[^/\s]+/\S+$": "must be a queue's URL, as in https://sqs.eu-west-1.amazonaws.com/123/orders",
    r"^[A-Z]{3}$": "must be an ISO currency code of three capitals, as in USD",
}


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """One line for each mistake: dotted key, what is wrong, what is allowed."""
    for detail in error.errors(include_url=False, include_input=False):
        if detail["type"] == "contradictions":
            yield from detail["msg"].splitlines()
        elif detail["type"] == "extra_forbidden":
            yield _unknown_key(detail, model)
        else:
            yield f"{dotted(detail['loc'])}: {_words(detail)}"


def nearest(word: str, allowed: Iterable[str]) -> str:
    close = get_close_matches(word, list(allowed), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def dotted(loc: Sequence[int | str]) -> str:
    """The key as one would write it in TOML; pydantic marks a bad key of a table with "[key]"."""
    return ".".join(f'"{part}"' if "." in str(part) else str(part) for part in loc if part != "[key]")


def _words(detail: ErrorDetails) -> str:
    if detail["type"] == "literal_error":
        return f"allowed: {detail['ctx']['expected']}"
    if detail["type"] == "string_pattern_mismatch":
        return PATTERNS[detail["ctx"]["pattern"]]
    message = detail["msg"]
    return WORDS.get(detail["type"], message[:1].lower() + message[1:])


def _unknown_key(detail: ErrorDetails, model: type[BaseModel]) -> str:
    *section, key = detail["loc"]
    allowed = _allowed(model, section)
    return (
        f"{dotted(detail['loc'])}: unknown key{nearest(str(key), allowed)}"
        f" (allowed in [{dotted(section) or 'the file'}]: {', '.join(allowed)})"
    )


def _allowed(model: type[BaseModel], section: Sequence[int | str]) -> list[str]:
    """The keys of the section, found by walking the models; a table's own names are skipped over."""
    kind: Any = model
    for part in section:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = _section(kind.model_fields[str(part)].annotation)
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
    return list(kind.model_fields)


def _section(kind: Any) -> Any:
    """Of a section that may be missing, the section."""
    return next((each for each in get_args(kind) if type(None) in get_args(kind)), kind)
