"""The store's own clock: whole seconds, as in its timestamps."""

from datetime import UTC, datetime, timedelta
from threading import Lock


class StoreClock:
    """Stands still at `now` when one is given, else ticks with the wall; can be set and moved on."""

    def __init__(self, now: datetime | None = None) -> None:
        self._frozen = now
        self._ahead = timedelta()
        self._lock = Lock()

    def now(self) -> datetime:
        with self._lock:
            at = (self._frozen or datetime.now(UTC)) + self._ahead
        return at.astimezone(UTC).replace(microsecond=0)

    def set(self, at: datetime) -> None:
        with self._lock:
            self._frozen, self._ahead = at, timedelta()

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._ahead += timedelta(seconds=seconds)


def stamp(at: datetime) -> str:
    """As the store prints it since 2019: one-second resolution."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def restamp(previous: str, at: datetime) -> str:
    """The new time in the form of the one it replaces: some records carry an offset instead of Z."""
    if previous.endswith("Z"):
        return stamp(at)
    return at.astimezone(datetime.fromisoformat(previous).tzinfo).replace(microsecond=0).isoformat()
