"""The store's filter syntax, held to what a list documents, and nothing beside it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

from commerce_events.sandbox.lists import Rules

MOST_FILTERS = 10
TERM = re.compile(r'(\w+)\(([\w.]+)(?:,(?:"((?:[^"\\]|\\.)*)"|([^"(),]+)))?\)')
DAY = re.compile(r"\d{4}-\d\d-\d\d")
SINGLE_QUOTED = re.compile(r"'(.*)'", re.DOTALL)
COMPARED: dict[str, Callable[[Any, Any], bool]] = {"gt": gt, "ge": ge, "lt": lt, "le": le}
NEVER, EVER = -(2**62), 2**62
Test = Callable[[Sequence[str]], bool]  # of the values that a record has under an attribute; none for null


class BadFilter(ValueError):
    """The filter cannot be parsed, or asks for what is not supported."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whole seconds since the epoch, half-open."""

    low: int = NEVER
    high: int = EVER

    def __and__(self, other: "Span") -> "Span":
        return Span(max(self.low, other.low), min(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Filter:
    """The two time spans stand apart, since an index serves them; `tests` are by attribute."""

    created: Span
    updated: Span
    tests: tuple[tuple[str, Test], ...]


def parse(text: str, rules: Rules, *, only_days: bool = False) -> Filter:
    """`only_days`: a store that honours no more than the day of a time."""
    spans = {"created_at": Span(), "updated_at": Span()}
    tests = []
    for operator, attribute, operand in _terms(text):
        if operator not in rules.operators.get(attribute, ()):
            raise BadFilter(attribute)
        if attribute in spans:
            spans[attribute] &= _span(operator, operand, only_days=only_days)
        elif attribute in rules.amounts:
            tests.append((attribute, _compare_amounts(operator, operand)))
        else:
            tests.append((attribute, _test(operator, operand)))
    return Filter(spans["created_at"], spans["updated_at"], tuple(tests))


def _terms(text: str) -> list[tuple[str, str, str]]:
    terms, place = [], 0
    while place < len(text):
        found = TERM.match(text, place)
        if not found:
            raise BadFilter("syntax")
        operator, attribute, quoted, bare = found.groups()
        operand = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if (operand is None) != (operator == "is_null"):
            raise BadFilter("operand")
        terms.append((operator, attribute, operand or ""))
        place = found.end()
        if place < len(text) and text[place] != ":":
            raise BadFilter("syntax")
        place += 1
    if text.endswith(":") or len(terms) > MOST_FILTERS:
        raise BadFilter("terms")
    return terms


def _span(operator: str, operand: str, *, only_days: bool) -> Span:
    """A time asked for as the whole seconds (or days) that satisfy it."""
    microseconds, is_day = _moment(operand)
    unit = 86_400 if only_days else 1
    step = unit * 1_000_000
    if operator == "eq" and not (is_day or only_days):
        raise BadFilter("filtering on exact timestamps is not supported")
    first = microseconds // step * unit
    after = first + unit
    reached = first if only_days or microseconds % step == 0 else after
    whole_day = Span(first, first + 86_400)
    return {
        "eq": whole_day,
        "ge": Span(low=reached),
        "gt": Span(low=after),
        "lt": Span(high=reached),
        "le": Span(high=after),
    }[operator]


def _moment(operand: str) -> tuple[int, bool]:
    """Microseconds since the epoch, and whether only a day was given."""
    if re.fullmatch(r"\d{9,}", operand):
        return int(operand) * 1_000, False  # the old syntax: milliseconds
    try:
        at = datetime.fromisoformat(operand)
    except ValueError as error:
        raise BadFilter("date") from error
    is_day = bool(DAY.fullmatch(operand))
    if not is_day and (at.tzinfo is None or "T" not in operand):
        raise BadFilter("date")
    at = at.replace(tzinfo=UTC) if is_day else at
    elapsed = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds, is_day


def _test(operator: str, operand: str) -> Test:
    match operator:
        case "eq":
            return lambda values: operand in values
        case "is_null":
            return lambda values: not values
        case "like":
            return _matches(operand, re.NOFLAG)
        case "ilike":  # the one operator whose documented operands stand in single quotes
            return _matches(SINGLE_QUOTED.sub(r"\1", operand), re.IGNORECASE)
        case _:
            return lambda values: any(COMPARED[operator](value, operand) for value in values)


def _matches(operand: str, flags: re.RegexFlag) -> Test:
    pattern = re.compile(".*".join(map(re.escape, operand.split("*"))), re.DOTALL | flags)
    return lambda values: any(map(pattern.fullmatch, values))


def _compare_amounts(operator: str, operand: str) -> Test:
    if not re.fullmatch(r"-?\d+", operand):
        raise BadFilter("amount")
    limit = int(operand)
    return lambda values: any(COMPARED[operator](int(value), limit) for value in values)
