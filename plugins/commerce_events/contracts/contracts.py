"""The contracts of one destination: a JSON Schema (draft-07) for each message, compiled once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commerce_events.contracts.schemas import Validator, load_validators
from commerce_events.contracts.violations import Violation, violation_of
from commerce_events.domain.errors import ConfigurationError

NEEDED = ("track", "identify")


@dataclass(frozen=True)
class Contracts:
    """Validators by the stem of their file. Safe to share between threads."""

    _by_name: Mapping[str, Validator]

    @classmethod
    def load(cls, folder: Path, allowed_commands: Collection[str] = ()) -> "Contracts":
        """Every `*.schema.json` of a destination's folder; ConfigurationError names the file and place.

        `allowed_commands`: names of events that may leave although receivers take them for commands.
        """
        validators = load_validators(folder, allowed_commands)
        for name in NEEDED:
            if name not in validators:
                raise ConfigurationError(f"{folder}: {name}.schema.json is missing")
        return cls(validators)

    def violation(self, message: Mapping[str, Any]) -> Violation | None:
        """What is wrong with a message, nearest to its root; None when nothing is."""
        validator = self._validator(message)
        if validator is None:
            return Violation("contract:type", "$.type", "no contract knows this type of call")
        return violation_of(validator.iter_errors(message))

    def _validator(self, message: Mapping[str, Any]) -> Validator | None:
        """The contract of a track is its event's, else the one for any track."""
        kind = message.get("type")
        if kind == "track":
            stem = _stem(message.get("event"))
            own = None if stem in NEEDED else self._by_name.get(stem)
            return own or self._by_name["track"]
        return self._by_name.get(kind) if isinstance(kind, str) else None


def _stem(event: object) -> str:
    """The contract for "Order Completed" is order_completed.schema.json."""
    return event.strip().lower().replace(" ", "_") if isinstance(event, str) else ""
