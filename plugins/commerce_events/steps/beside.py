"""Beside: what another integration sent and what we would have, message by message and field by field."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from commerce_events.steps.compare import Change
from commerce_events.steps.exports import Export, Json, Said, Subject
from commerce_events.steps.known_differences import (
    ENVELOPE,
    Known,
    known_alone,
    known_line,
    known_place,
)
from commerce_events.templates.differences import Difference

Place = tuple[str, ...]
PRODUCTS: Place = ("properties", "products")
EACH = "*"
NOTHING = "nothing"


@dataclass(slots=True)
class Tally:
    """Messages of one event: on both sides and `equal`, or not; or on one side only."""

    equal: int = 0
    different: int = 0
    theirs: int = 0
    ours: int = 0


@dataclass(slots=True)
class Beside:
    """`known` differences are counted, with the id of an example; `changes` are the others, whose values are
    personal data; `alone` are the ids that stand on one side only for no known reason.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    known: Counter[Known] = field(default_factory=Counter)
    examples: dict[Known, str] = field(default_factory=dict)
    changes: dict[tuple[str, str], Change] = field(default_factory=dict)
    alone: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_explained(self) -> bool:
        return not (self.changes or self.alone or any(self.unreadable.values()))

    def note(self, subject: Subject, known: Known) -> None:
        self.known[known] += 1
        self.examples.setdefault(known, subject.id)

    def note_alone(self, subject: Subject, said: Said, side: str, *, paired: bool) -> None:
        tally = self.tallies.setdefault(subject.event, Tally())
        setattr(tally, side, getattr(tally, side) + 1)
        known = known_alone(subject, said.message, ours=side == "ours", paired=paired)
        if known is not None:
            self.note(subject, known)
        else:
            self.alone.setdefault((subject.event, side), []).append(subject.id)

    def note_pair(self, subject: Subject, theirs: Json, ours: Json) -> None:
        found = [*_differing(subject, theirs, ours)]
        tally = self.tallies.setdefault(subject.event, Tally())
        unknown = {place: values for place, values, known in found if known is None}
        tally.different += bool(unknown)
        tally.equal += not unknown
        for known in {known for _, _, known in found if known is not None}:
            self.note(subject, known)
        for place, values in unknown.items():
            path = "$." + ".".join(place)
            example = Difference(path, *map(_shown, values))
            key = (subject.event, path)
            self.changes.setdefault(key, Change(path, subject.id, example)).count += 1


def compare(theirs: Export, ours: Export) -> Beside:
    """Messages about the same order and event are paired in the order of their times, the latest first."""
    beside = Beside(unreadable={"theirs": theirs.unreadable, "ours": ours.unreadable})
    for subject in sorted(theirs.said.keys() | ours.said.keys()):
        one, other = theirs.said.get(subject, []), ours.said.get(subject, [])
        pairs = min(len(one), len(other))
        for said in one[: len(one) - pairs]:
            beside.note_alone(subject, said, "theirs", paired=pairs > 0)
        for said in other[: len(other) - pairs]:
            beside.note_alone(subject, said, "ours", paired=pairs > 0)
        for a, b in zip(one[len(one) - pairs :], other[len(other) - pairs :], strict=True):
            beside.note_pair(subject, a.message, b.message)
    return beside


Found = tuple[Place, tuple[Any, Any], Known | None]


def _differing(subject: Subject, theirs: Json, ours: Json) -> Iterator[Found]:
    """Every place where two messages differ, with both values. Products are found by what they are."""
    one, other = _leaves(theirs), _leaves(ours)
    for place in sorted(one.keys() | other.keys()):
        values = (one.get(place), other.get(place))
        if not _same(*values):
            yield place, values, known_place(subject, place, *values, (theirs, ours))
    yield from _lines(subject, _products(theirs), _products(ours), (theirs, ours))


def _lines(
    subject: Subject, theirs: Sequence[Json], ours: Sequence[Json], both: tuple[Json, Json]
) -> Iterator[Found]:
    left, place = list(ours), (*PRODUCTS, EACH)
    for line in theirs:
        same = next((each for each in left if _name(each) == _name(line)), None)
        if same is None:
            yield place, (line, None), known_line(subject, line, both[1])
            continue
        left.remove(same)
        for name in sorted(line.keys() | same.keys()):
            values = (line.get(name), same.get(name))
            if not _same(*values):
                yield (*place, name), values, known_place(subject, (*place, name), *values, both)
    for line in left:
        yield place, (None, line), None if theirs else Known.ADDED


def _name(line: Json) -> str:
    return str(line.get("sku") or line.get("product_id") or line.get("name"))


def _products(message: Json) -> list[Json]:
    properties = message.get("properties")
    found = properties.get("products") if isinstance(properties, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _leaves(message: Json) -> dict[Place, Any]:
    """Every value by its place, without the envelope and the products."""
    content = {name: value for name, value in message.items() if name not in ENVELOPE}
    if isinstance(content.get("context"), dict):
        content["context"] = {key: value for key, value in content["context"].items() if key != "library"}
    return dict(_walk(content, ()))


def _walk(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if place == PRODUCTS:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, (*place, name))
    elif value is not None:
        yield place, value


def _same(theirs: Any, ours: Any) -> bool:
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return theirs is ours
    return bool(theirs == ours)


def _shown(value: Any) -> str:
    return NOTHING if value is None else repr(value)
