"""How fast we ask: a request rate, of our own or shared with others, and the waits between attempts."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Protocol

# A store may ask for any wait; beyond this the run had better end and the next one try.
MAX_RETRY_AFTER = 300.0


# Requests are booked for so long ahead, in seconds: a few questions a second, however many requests.
AHEAD = 0.25


class Paced(Protocol):
    def take(self) -> None:
        """Return when one more request may leave. Threads may share it."""


class Pace:
    """A token bucket that holds one second's worth of requests. Threads may share it."""

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._interval = 1 / per_second
        self._burst = max(1.0, per_second) * self._interval
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._full_at = clock()  # when the bucket would be full again

    def take(self) -> None:
        """Return when one more request may leave."""
        with self._lock:
            now = self._clock()
            self._full_at = max(self._full_at, now) + self._interval
            wait = self._full_at - self._burst - now
        if wait > 0:
            self._sleep(wait)


class SharedPace:
    """Requests booked in blocks with whoever keeps the rate of all.

    `book` takes a number of requests and returns the seconds until the first may leave; the others follow
    evenly. A block is as large as what was asked for lately: what is not used in time is lost to everybody.
    """

    def __init__(
        self,
        book: Callable[[int], float],
        per_second: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._book = book
        self._interval = 1 / per_second
        self._most = max(1, int(per_second * AHEAD))
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._size = self._left = 0
        self._next = self._ends = clock()

    def take(self) -> None:
        with self._lock:
            if not self._left or self._clock() > self._ends:
                self._renew()
            now = self._clock()
            leaves = max(self._next, now)
            self._next = leaves + self._interval
            self._left -= 1
        if leaves > now:
            self._sleep(leaves - now)

    def _renew(self) -> None:
        """Twice as many where the last block did not suffice, else as many as were used of it."""
        wanted = 2 * self._size if not self._left else self._size - self._left
        self._size = self._left = min(max(wanted, 1), self._most)
        wait = self._book(self._size)
        self._next = self._clock() + wait
        self._ends = self._next + max(AHEAD, self._size * self._interval)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often one request is tried, and how long we wait in between, in seconds."""

    attempts: int = 8
    first: float = 0.5
    longest: float = 30.0
    altogether: float = 600.0

    def backoff(self, attempt: int) -> float:
        """Doubles with each attempt; the jitter keeps many workers from knocking at once."""
        return float(min(self.longest, self.first * 2**attempt) * random.uniform(0.5, 1))


PATIENCE = Patience()
BRIEF = Patience(attempts=3, altogether=10.0)  # where a person waits for the answer


def retry_after(value: str | None, now: datetime) -> float | None:
    """The header's seconds or date as a wait in seconds, capped; None where it says nothing usable."""
    if not value:
        return None
    wait = float(value) if value.strip().isdecimal() else _until(value, now)
    return None if wait is None else min(max(wait, 0.0), MAX_RETRY_AFTER)


def http_date(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _until(value: str, now: datetime) -> float | None:
    moment = http_date(value)
    return (moment - now).total_seconds() if moment else None
