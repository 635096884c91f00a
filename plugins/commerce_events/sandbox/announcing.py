"""The store tells others what happened in it: webhooks and queue messages, over real HTTP.

As documented: at least once, in no order, by several senders at once. How often a failed webhook is tried
again is documented nowhere; after the last attempt the event is lost, which the documents warn of.
"""

import heapq
import time
from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from threading import Condition, Thread

from commerce_events.sandbox.catalogue import new_id
from commerce_events.sandbox.happenings import Happening
from commerce_events.sandbox.integrations import Integrations
from commerce_events.sandbox.posting import Notice, Postman


@dataclass(slots=True)
class Manners:
    """How notices behave; a test may change them at any time."""

    pauses: tuple[float, ...] = (0.5, 2.0)  # seconds before the second attempt, the third ...
    patience: float = 10.0  # a webhook that takes longer to answer has failed
    keeps_id: bool = True  # a repeated attempt has the id of the first
    duplicates: float = 0.0  # the share that is sent twice
    lost: float = 0.0  # the share that is never sent
    delay: float = 0.0  # each waits up to so many seconds by chance, so that they overtake each other


class Announcer:
    """Threads start with the first notice. `counts` says how many were sent, accepted, failed and lost."""

    def __init__(self, integrations: Integrations, seed: int, senders: int = 8) -> None:
        self.manners = Manners()
        self.counts: Counter[str] = Counter()
        self._integrations = integrations
        self._dice = Random(f"notices of {seed}")
        self._postman = Postman(senders)
        self._senders = senders
        self._due: list[tuple[float, int, Notice]] = []
        self._number = 0
        self._open = 0  # notices that have not come to their end
        self._changed = Condition()
        self._threads: list[Thread] = []
        self._closed = False

    def tell(self, happening: Happening) -> None:
        """To everyone who observes it; each is told under an id of its own."""
        for integration_id in self._integrations.observing(happening.trigger):
            with self._changed:
                notice = Notice(new_id(self._dice), new_id(self._dice), integration_id, happening)
                if self._dice.random() < self.manners.lost:
                    self.counts["lost"] += 1
                    continue
                self._post(notice, self._dice.random() * self.manners.delay)
                if self._dice.random() < self.manners.duplicates:
                    self.counts["duplicated"] += 1
                    self._post(notice, self._dice.random() * self.manners.delay)

    def wait(self, seconds: float = 30.0) -> None:
        """Return when every notice has come to its end: taken, or lost."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == 0, seconds):
                raise TimeoutError(f"{self._open} notices are still on their way")

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._postman.close()

    def _post(self, notice: Notice, wait: float) -> None:
        """Under the lock."""
        self._open += 1
        self._number += 1
        heapq.heappush(self._due, (time.monotonic() + wait, self._number, notice))
        if len(self._threads) < self._senders:
            thread = Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._changed.notify()

    def _work(self) -> None:
        while notice := self._next():
            integration = self._integrations.get(notice.integration_id)
            if integration is None or not integration["enabled"]:
                self._end(notice, "dropped")
                continue
            attempt = self._postman.send(notice, integration, self.manners.patience)
            self._integrations.note(notice.integration_id, notice.job, notice.attempt, attempt)
            self._end(notice, "accepted" if attempt.succeeded else "failed")

    def _next(self) -> Notice | None:
        with self._changed:
            while not self._closed:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None

    def _end(self, notice: Notice, how: str) -> None:
        with self._changed:
            self.counts.update((how, "sent") if how != "dropped" else (how,))
            if how == "failed" and notice.attempt <= len(self.manners.pauses):
                fresh = notice.id if self.manners.keeps_id else new_id(self._dice)
                again = replace(notice, id=fresh, attempt=notice.attempt + 1)
                self._post(again, self.manners.pauses[notice.attempt - 1])
            elif how == "failed":
                self.counts["lost"] += 1
            self._open -= 1
            self._changed.notify_all()
