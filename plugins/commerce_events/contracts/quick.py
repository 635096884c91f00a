"""A quick yes for messages that keep their contract: compiled code, hundreds of times as fast.

It must never say yes where jsonschema says no. The other way round costs time only: whoever gets no yes is
asked again by jsonschema, which also knows what is wrong. So patterns stay Python's (other engines differ on
spaces, digits and the end of a line), and a contract with anything that the two may read differently is left
to jsonschema alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema_rs import Draft7Validator, Registry

Schema = Any
IsKept = Callable[[Mapping[str, Any]], bool]

# Python's idea of a character that is no space, in words that both engines read alike.
NO_SPACE = r"[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"

WORDS = frozenset({"$schema", "$comment", "title", "description", "default", "examples", "format"})
RULES = frozenset(
    {"$ref", "type", "const", "enum", "required", "pattern"}
    | {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
)
BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
ONE = frozenset(
    {"not", "if", "then", "else", "additionalItems", "additionalProperties", "contains", "propertyNames"}
)
SEVERAL = frozenset({"allOf", "anyOf", "oneOf"})
NAMED = frozenset({"properties", "definitions", "dependencies"})

# From here on, numbers may be rounded on their way.
EXACT = 2**53


def quick_checks(schemas: Mapping[str, Schema], reached: Mapping[str, frozenset[str]]) -> dict[str, IsKept]:
    """By file name, for those contracts that are sure to be read alike, with all that they refer to."""
    sure = {name for name, schema in schemas.items() if _is_sure(schema, name)}
    patterns: dict[str, Callable[[str], bool]] = {}
    told = {name: _translated(schemas[name], patterns) for name in sorted(sure) if reached[name] <= sure}
    registry = Registry(list(told.items()))
    return {name: _check(schema, registry, patterns) for name, schema in told.items()}


def _check(schema: Schema, registry: Registry, patterns: dict[str, Callable[[str], bool]]) -> IsKept:
    validator = Draft7Validator(schema, registry=registry, formats=patterns, validate_formats=True)

    def is_kept(message: Mapping[str, Any]) -> bool:
        try:
            return validator.is_valid(message)
        except ValueError:  # no JSON: halves of characters, keys that are no text
            return False

    return is_kept


def _is_sure(schema: Schema, name: str) -> bool:
    """Whether all of a file is read alike. Its `$id` is its name: else references may lead elsewhere."""
    if isinstance(schema, dict):
        schema = {**schema}
        if schema.pop("$id", name) != name:
            return False
    return _alike(schema, refused=False)


def _alike(schema: Schema, *, refused: bool) -> bool:
    """`refused`: what keeps this schema breaks the contract, as below `not`."""
    if not isinstance(schema, dict):
        return True
    return all(_rule_alike(word, rule, refused=refused) for word, rule in schema.items()) and all(
        _alike(inner, refused=_refused(word, refused=refused)) for word, inner in _inner(schema)
    )


def _rule_alike(word: str, rule: Any, *, refused: bool) -> bool:
    if word == "type":  # what is not a number is null to one of the two
        return refused or "null" not in ([rule] if isinstance(rule, str) else rule)
    if word in ("const", "enum"):  # is 1 the same as 1.0, and as true?
        return all(isinstance(value, str | bool) for value in ([rule] if word == "const" else rule))
    if word == "pattern":
        return _is_pattern(rule)
    if word in BOUNDS:
        return bool(abs(rule) < EXACT)
    return word in WORDS | RULES | ONE | SEVERAL | NAMED or word == "items"


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _refused(word: str, *, refused: bool) -> bool:
    if word == "not":
        return not refused
    return refused and word not in ("oneOf", "if", "dependencies")


def _inner(schema: dict[str, Any]) -> Iterator[tuple[str, Schema]]:
    """The schemas inside a schema, each with the keyword it stands under."""
    for word, rule in schema.items():
        if word in ONE or (word == "items" and not isinstance(rule, list)):
            yield word, rule
        elif word in SEVERAL or word == "items":
            yield from ((word, inner) for inner in rule)
        elif word in NAMED:
            yield from ((word, inner) for inner in rule.values())


def _translated(schema: Schema, patterns: dict[str, Callable[[str], bool]]) -> Schema:
    """The same schema, with each pattern as a format that Python checks; `patterns` collects those."""
    if not isinstance(schema, dict):
        return schema
    told = {word: _translated_rule(word, rule, patterns) for word, rule in schema.items() if word != "format"}
    pattern = told.pop("pattern", None)
    if pattern == r"\S":
        return {**told, "pattern": NO_SPACE}
    return told if pattern is None else {**told, "format": _format(pattern, patterns)}


def _translated_rule(word: str, rule: Any, patterns: dict[str, Callable[[str], bool]]) -> Any:
    if word in NAMED:
        return {name: _translated(inner, patterns) for name, inner in rule.items()}
    if isinstance(rule, list) and (word in SEVERAL or word == "items"):
        return [_translated(inner, patterns) for inner in rule]
    return _translated(rule, patterns) if word in ONE or word == "items" else rule


def _format(pattern: str, patterns: dict[str, Callable[[str], bool]]) -> str:
    search = re.compile(pattern).search
    patterns[pattern] = lambda text: search(text) is not None
    return pattern
