"""Reading a store's JSON strictly: a value, where it stands, and what it must be.

Everything that does not fit raises BadRecordError with a reason and a path, never with the content.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from commerce_events.domain.errors import BadRecordError
from commerce_events.domain.ids import LONGEST_ID, is_keepable
from commerce_events.domain.paths import json_path

# JSON readers elsewhere keep whole numbers exactly only up to here.
MAX_AMOUNT = 2**53


class Node:
    """A place in a document. A missing member is a node of None, so that paths can be walked freely.

    Hundreds are made for each order: a frozen dataclass would take twice the time.
    """

    __slots__ = ("path", "value")

    def __init__(self, value: Any, path: tuple[str | int, ...] = ()) -> None:
        self.value = value
        self.path = path

    def __getitem__(self, key: str) -> "Node":
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(value, (*self.path, key))

    def at(self, *keys: str) -> "Node":
        """As one key after another, at the price of one: most of an order's numbers lie four keys deep."""
        value = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return Node(value, self.path + keys)

    def __iter__(self) -> Iterator["Node"]:
        values = self.value if isinstance(self.value, list) else []
        return (Node(value, (*self.path, index)) for index, value in enumerate(values))

    def __bool__(self) -> bool:
        return self.value is not None

    def dotted(self, path: str) -> "Node":
        node = self
        for key in path.split("."):
            node = node[key]
        return node.unwrapped()

    def unwrapped(self) -> "Node":
        """Custom attributes are met as {type, value}."""
        wrapped = isinstance(self.value, dict) and self.value.keys() == {"type", "value"}
        return self["value"] if wrapped else self

    def text(self) -> str:
        """A text, or "" for anything else: names and the like are no reason to refuse a record."""
        return self.value if isinstance(self.value, str) else ""

    def text_at(self, key: str) -> str:
        """As `text` of a member, without a node for it: an order is asked for dozens."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return value if isinstance(value, str) else ""

    def person(self) -> str | None:
        """A text about a person; what an anonymisation has left is nothing."""
        return person_text(self.value)

    def key(self) -> str | None:
        """As `person`, for an id of theirs; what no ledger can keep as an id is none."""
        text = self.person()
        return text if text and is_keepable(text) else None

    def identifier(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.fault("missing_id", "must be a text that is not empty")
        if not is_keepable(self.value):
            raise self.fault("bad_id", f"must be at most {LONGEST_ID} characters, and none of control")
        return self.value

    def state(self) -> str:
        if isinstance(self.value, str) and self.value:
            return self.value
        raise self.fault("missing_state", "must be a text that is not empty")

    def amount_at(self, *keys: str) -> int | None:
        """As `at` and `amount`, None where nothing stands there: an order holds a hundred of these."""
        value = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is None or (value.__class__ is int and -MAX_AMOUNT <= value <= MAX_AMOUNT):
            return value
        return self.at(*keys).amount()

    def amount(self) -> int:
        """Whole minor units, with their sign."""
        value = self.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_AMOUNT:
            return value
        raise self.fault("bad_amount", "must be a whole number of minor units")

    def price(self) -> Decimal:
        """Minor units of a single piece, which may be a fraction where a line was divided."""
        value = self.value
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_AMOUNT:
            return Decimal(value if isinstance(value, int) else str(value))
        raise self.fault("bad_amount", "must be a number of minor units")

    def quantity(self) -> int:
        if isinstance(self.value, int) and not isinstance(self.value, bool) and 0 <= self.value <= MAX_AMOUNT:
            return self.value
        raise self.fault("bad_quantity", "must be a whole number that is not negative")

    def moment(self) -> datetime:
        if not self:
            raise self.fault("missing_timestamp", "is required")
        moment = parse_moment(self.value)
        if moment is None:
            raise self.fault("bad_timestamp", "must be a time with an offset, as in 2026-01-31T12:00:00Z")
        return moment

    def fault(self, reason: str, message: str) -> BadRecordError:
        return BadRecordError(reason, json_path(self.path), message)


def person_text(value: object) -> str | None:
    text = value.strip() if isinstance(value, str) else ""
    return text if text.strip("*") else None


def parse_moment(value: object) -> datetime | None:
    """A time with an offset, in UTC. The zero time of the store's programming language is none."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None or moment.year == 1:
            return None
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def stamp(moment: datetime) -> str:
    """A time as filters take it, down to the full second: an earlier beginning is safe."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
