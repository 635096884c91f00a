"""Messages as files hold them: a shadow's, or an export of what another integration sent to Segment."""

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from commerce_events.domain.errors import ConfigurationError

Json = dict[str, Any]


class Subject(NamedTuple):
    """What a message is about: an event and its order, or a person. `id` is empty where it does not say."""

    event: str
    id: str


@dataclass(frozen=True, slots=True)
class Said:
    """One message, as it stands in a file; parsed again when it is compared, since there may be many."""

    at: str  # empty where it does not say
    line: bytes = field(repr=False)

    @property
    def message(self) -> Json:
        found: Json = orjson.loads(self.line)
        return found


@dataclass(slots=True)
class Export:
    """By subject, each message once, in the order of their times. `unreadable` counts lines."""

    said: dict[Subject, list[Said]] = field(default_factory=dict)
    unreadable: int = 0

    @property
    def messages(self) -> int:
        return sum(map(len, self.said.values()))


def read_export(path: Path) -> Export:
    """A file of JSON lines, or a folder of them, also gzipped. ConfigurationError where there is none."""
    export, ids = Export(), set[str]()
    for line in _lines(_files(path)):
        for message in _messages(line, export):
            message_id = str(message.get("messageId") or "")
            if not message_id or message_id not in ids:
                ids.add(message_id)
                said = Said(str(message.get("timestamp") or ""), orjson.dumps(message))
                export.said.setdefault(_subject(message), []).append(said)
    for several in export.said.values():
        several.sort(key=_time)
    return export


def _files(path: Path) -> list[Path]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = [each for each in files if each.is_file() and not each.name.startswith(".")]
    if not found:
        raise ConfigurationError(f"{path} holds no messages: name a file of JSON lines, or a folder of them")
    return found


def _lines(files: Iterable[Path]) -> Iterator[bytes]:
    for path in files:
        opened = gzip.open if path.suffix == ".gz" else open
        try:
            with opened(path, "rb") as file:
                yield from (line for line in file if line.strip())
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}") from error


def _messages(line: bytes, export: Export) -> Iterator[Json]:
    """A line is a message, or a batch of them as it was posted."""
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:
        content = None
    several = content.get("batch", [content]) if isinstance(content, dict) else [content]
    for each in several if isinstance(several, list) else [None]:
        if isinstance(each, dict) and isinstance(each.get("type"), str):
            yield each
        else:
            export.unreadable += 1


def _subject(message: Json) -> Subject:
    if message["type"] != "track":
        return Subject(message["type"], str(message.get("userId") or message.get("anonymousId") or ""))
    properties = message.get("properties")
    about = properties.get("order_id") if isinstance(properties, dict) else None
    return Subject(str(message.get("event") or ""), "" if about is None else str(about))


def _time(said: Said) -> float:
    """Of one that does not say: before all others."""
    try:
        return datetime.fromisoformat(said.at).timestamp()
    except ValueError:
        return 0.0
