"""Whom a document names, when nobody can read it as what it should have been."""

import re
from collections.abc import Iterator
from json import JSONDecodeError, loads
from typing import Any

from commerce_events.domain.identity import IdentityPolicy, guest_id

# Texts as JSON writes them, for documents that are no JSON.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def ids_named(document: bytes, key: bytes) -> frozenset[str]:
    """Every text in it, since any may be an id; of e-mail addresses the hash as well."""
    texts = frozenset(_texts(document))
    hashed = {guest_id(text, IdentityPolicy(), key) for text in texts if "@" in text}
    return texts | {each for each in hashed if each}


def _texts(document: bytes) -> Iterator[str]:
    try:
        yield from _within(loads(document))
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        yield from _QUOTED.findall(document.decode(errors="replace"))


def _within(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _within(each)
        case list():
            for each in value:
                yield from _within(each)
