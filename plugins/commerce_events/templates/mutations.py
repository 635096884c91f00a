"""Documents with something unusual at a place that a template reads; the same ones on every machine."""

from collections.abc import Collection, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any

from commerce_events.templates.trial_documents import TEXTS

Place = tuple[Any, Any]  # a list or an object, and the index or key in it
SEED = 20_260_301
NUMBERS = (0, -1, 1, 0.1 + 0.2, 1e-7, 12.345, 2.5, 123_456_789_012, 5_890_840_712_243_076)
GONE = object()


def mutations(
    documents: Sequence[dict[str, Any]], names: Collection[str], count: int, seed: int = SEED
) -> Iterator[dict[str, Any]]:
    """`names` are the fields that the template names."""
    random = Random(seed)
    for _ in range(count if documents else 0):
        document = deepcopy(random.choice(documents))
        for _ in range(random.randint(1, 3)):
            places = [*_places(document, names, ours=False)]
            if places:
                holder, key, ours = random.choice(places)
                _change(random, holder, key, ours=ours)
        yield document


def _places(value: Any, names: Collection[str], *, ours: bool) -> Iterator[tuple[Any, Any, bool]]:
    """Where such a field is, and what is in a list there. `ours`: inside of `commerce`."""
    if isinstance(value, dict):
        for key, item in value.items():
            inside = ours or key == "commerce"
            if key in names and key != "commerce":
                yield value, key, inside
            yield from _places(item, names, ours=inside)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index, ours
            yield from _places(item, names, ours=ours)


def _change(random: Random, holder: Any, key: Any, *, ours: bool) -> None:
    """In `commerce` what is not known is absent; in the store's own JSON it may be null or anything else."""
    changed = random.choice(_like(random, holder[key]) if ours else _anything(random, holder[key]))
    if changed is not GONE:
        holder[key] = changed
    else:
        del holder[key]


def _like(random: Random, value: Any) -> list[Any]:
    match value:
        case bool():
            return [GONE, not value]
        case int() | float():
            return [GONE, random.choice(NUMBERS)]
        case str():
            return [GONE, random.choice(TEXTS)]
        case list():
            return [GONE, [], value[:1], [*value, *value]]
    return [GONE]


def _anything(random: Random, value: Any) -> list[Any]:
    return [*_like(random, value), None, "", [value], random.choice(TEXTS), random.choice(NUMBERS), {}]
