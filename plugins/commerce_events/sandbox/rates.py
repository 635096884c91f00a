"""A limit on requests per second, as a token bucket of one second."""

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
