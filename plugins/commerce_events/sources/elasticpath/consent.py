"""What a person agreed to, read from the field in which the store's owner keeps it.

A yes or no (also as a text) is about the configured category; an object says it category by category; a list,
or a text with commas, names what was granted. An object or list may also stand in a text, as JSON: a custom
attribute can hold nothing else. Anything else cannot be read, and what cannot be read grants nothing.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from commerce_events.sources.elasticpath.nodes import Node
from commerce_events.sources.source import Rules

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def consent(document: Node, rules: Rules) -> Mapping[str, bool] | None:
    """By category. None where the store does not say; empty where nothing is granted that we could read."""
    field = document.dotted(rules.consent_field) if rules.consent_field else Node(None)
    return _granted(field.value, rules.consent_category) if field else None


def _granted(value: Any, category: str) -> dict[str, bool]:
    match value:
        case bool():
            return {category: value}
        case str():
            return _from_text(value.strip(), category)
        case dict():
            return {name.strip(): _is_yes(said) for name, said in value.items() if name.strip()}
        case list() if all(isinstance(name, str) for name in value):
            return {name.strip(): True for name in value if name.strip()}
        case _:
            return {}


def _from_text(text: str, category: str) -> dict[str, bool]:
    word = _WORDS.get(text.casefold())
    if word is not None:
        return {category: word}
    if not text.startswith(("{", "[")):
        return _granted(text.split(","), category)
    try:
        return _granted(orjson.loads(text), category)
    except orjson.JSONDecodeError:
        return {}


def _is_yes(said: Any) -> bool:
    return said is True or (isinstance(said, str) and _WORDS.get(said.strip().casefold()) is True)
