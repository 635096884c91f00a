"""Segment's regulations: requests to suppress and erase people, and how far they have come."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_SUBJECTS = 5_000  # user ids in one call
MONTHLY_SUBJECTS = 110_000  # user ids in one calendar month, over all regulations of the workspace


class RegulationKind(StrEnum):
    """What may be asked for. UNSUPPRESS is not among them: filed twice, it could undo a later erasure."""

    SUPPRESS_ONLY = "SUPPRESS_ONLY"
    SUPPRESS_WITH_DELETE = "SUPPRESS_WITH_DELETE"
    DELETE_ONLY = "DELETE_ONLY"
    # The internal ones stop at Segment: its destinations and warehouses keep what they have.
    SUPPRESS_WITH_DELETE_INTERNAL = "SUPPRESS_WITH_DELETE_INTERNAL"
    DELETE_INTERNAL = "DELETE_INTERNAL"


class RegulationStatus(StrEnum):
    """Of a regulation as a whole, and of each destination in it."""

    INITIALIZED = "INITIALIZED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    PARTIAL_SUCCESS = "PARTIAL_SUCCESS"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    FAILED = "FAILED"  # also where a single destination cannot delete and all others have
    INVALID = "INVALID"


ENDED = frozenset(RegulationStatus) - {RegulationStatus.INITIALIZED, RegulationStatus.RUNNING}
WRONG = frozenset({"FAILED", "INVALID", "PARTIAL_SUCCESS"})


@dataclass(frozen=True, slots=True)
class Regulation:
    """`states` holds (destination's name, status) for each destination of each source.

    Segment's own error texts are not kept: they may quote user ids.
    """

    status: str
    states: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> "Regulation":
        streams = found.get("streamStatus") or []
        states = [state for stream in streams for state in stream.get("destinationStatus") or []]
        named = [(str(one.get("name") or one.get("id") or "?"), str(one.get("status"))) for one in states]
        return cls(str(found["overallStatus"]), tuple(named))

    @property
    def ended(self) -> bool:
        """Unknown words do not end it: Segment may add some for the way there."""
        return self.status in ENDED

    @property
    def only_unsupported(self) -> bool:
        """It failed merely because destinations cannot delete; those that can did nothing wrong."""
        return self.status == "FAILED" and bool(self._named("NOT_SUPPORTED")) and not self._named(*WRONG)

    @property
    def went_wrong(self) -> bool:
        """Something was not erased that could be: a person must see to it."""
        return self.status in WRONG and not self.only_unsupported

    @property
    def detail(self) -> str:
        """Which destinations did not do it, by name."""
        failed, unsupported = self._named(*WRONG), self._named("NOT_SUPPORTED")
        said = [f"not done by {', '.join(failed)}"] if failed else []
        said += [f"not supported by {', '.join(unsupported)}"] if unsupported else []
        return "; ".join(said)

    def _named(self, *statuses: str) -> list[str]:
        return sorted({name for name, status in self.states if status in statuses})
