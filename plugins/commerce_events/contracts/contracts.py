"""The contracts of one destination: a JSON Schema (draft-07) for each message, compiled once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commerce_events.contracts.schemas import Contract, load_contracts
from commerce_events.contracts.violations import Violation, violation_of
from commerce_events.domain.errors import ConfigurationError

NEEDED = ("track", "identify")


@dataclass(frozen=True)
class Contracts:
    """By the stem of their file. Safe to share between threads."""

    _by_name: Mapping[str, Contract]

    @classmethod
    def load(cls, folder: Path, allowed_commands: Collection[str] = ()) -> "Contracts":
        """Every `*.schema.json` of a destination's folder; ConfigurationError names the file and place.

        `allowed_commands`: names of events that may leave although receivers take them for commands.
        """
        contracts = load_contracts(folder, allowed_commands)
        for name in NEEDED:
            if name not in contracts:
                raise ConfigurationError(f"{folder}: {name}.schema.json is missing")
        return cls(contracts)

    def violation(self, message: Mapping[str, Any]) -> Violation | None:
        """What is wrong with a message, nearest to its root; None when nothing is."""
        contract = self._contract(message)
        if contract is None:
            return Violation("contract:type", "$.type", "no contract knows this type of call")
        if contract.is_kept is not None and contract.is_kept(message):
            return None
        return violation_of(contract.validator.iter_errors(message))

    def _contract(self, message: Mapping[str, Any]) -> Contract | None:
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
