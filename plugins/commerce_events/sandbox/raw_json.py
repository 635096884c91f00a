"""Reading a batch while keeping each message's bytes exactly as they were sent."""

import re
from dataclasses import dataclass
from json import JSONDecoder
from typing import Any

from commerce_events.sandbox.wire import Json

_decode = JSONDecoder().raw_decode
_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class RawMessage:
    """`message` is any JSON value; `raw` its bytes."""

    message: Any
    raw: bytes


def read_single(body: bytes) -> tuple[Json, list[RawMessage]]:
    """A single call: the message is the body. Raises `ValueError` on anything but a JSON object."""
    text = body.decode("utf-8")
    message, end = _decode(text, _skip(text, 0))
    if not isinstance(message, dict) or _skip(text, end) != len(text):
        raise ValueError("not one JSON object")
    return message, [RawMessage(message, body.strip())]


def read_batch(body: bytes) -> tuple[Json, list[RawMessage] | None]:
    """The envelope without its messages, and the messages; None when there is no array of them."""
    text = body.decode("utf-8")
    envelope: Json = {}
    messages: list[RawMessage] | None = None
    place = _expect(text, _skip(text, 0), "{")
    while text[place : place + 1] != "}":
        key, place = _decode(text, place)
        place = _expect(text, _skip(text, place), ":")
        if key == "batch" and text[place : place + 1] == "[":
            messages, place = _read_array(text, place + 1)
        else:
            envelope[key], place = _decode(text, place)
        place = _next(text, place, "}")
    if _skip(text, place + 1) != len(text):
        raise ValueError("something stands behind the object")
    return envelope, messages


def _read_array(text: str, place: int) -> tuple[list[RawMessage], int]:
    messages = []
    place = _skip(text, place)
    while text[place : place + 1] != "]":
        message, end = _decode(text, place)
        messages.append(RawMessage(message, text[place:end].encode()))
        place = _next(text, end, "]")
    return messages, place + 1


def _next(text: str, place: int, closing: str) -> int:
    """Past a comma to the next member, or at the closing bracket."""
    place = _skip(text, place)
    if text[place : place + 1] == closing:
        return place
    place = _expect(text, place, ",")
    if text[place : place + 1] == closing:
        raise ValueError("a comma too many")
    return place


def _expect(text: str, place: int, character: str) -> int:
    if text[place : place + 1] != character:
        raise ValueError(f"{character} expected")
    return _skip(text, place + 1)


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
