"""Limits on requests: per second, as a token bucket of one second, and per minute, in windows."""

import time
from threading import Lock


class RateLimit:
    """`per_second` None lets everything through."""

    def __init__(self, per_second: float | None = None) -> None:
        self.per_second = per_second
        self._tokens = per_second or 0.0
        self._at = time.monotonic()
        self._lock = Lock()

    def admit(self, count: int = 1) -> bool:
        if self.per_second is None:
            return True
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self.per_second, self._tokens + (now - self._at) * self.per_second)
            self._at = now
            if self._tokens < min(count, self.per_second):
                return False
            self._tokens -= count
            return True


class Window:
    """A limit on requests per minute, counted in windows of a minute that the first request opens."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._count = 0
        self._ends = 0.0
        self._lock = Lock()

    def admit(self) -> tuple[int, float]:
        """How many this window has seen, this one included, and the seconds until it ends."""
        with self._lock:
            now = time.monotonic()
            if now >= self._ends:
                self._count, self._ends = 0, now + 60
            self._count += 1
            return self._count, self._ends - now
