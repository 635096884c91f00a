"""One question for each of many things, several under way at once."""

from collections.abc import Callable, Sequence
from threading import Lock, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], items: Sequence[T], most: int) -> list[R]:
    """What `work` makes of each, in their order. The first error ends it, and is raised here."""
    if len(items) <= 1:
        return [work(item) for item in items]
    lot = _Lot(work, items)
    # Daemons: nobody who gives up waits for a store that does not answer.
    threads = [Thread(target=lot.run, daemon=True) for _ in range(min(most, len(items)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return lot.results()


class _Lot(Generic[T, R]):
    """What is left to do, what was made of the rest, and the first error."""

    def __init__(self, work: Callable[[T], R], items: Sequence[T]) -> None:
        self._work = work
        self._left = iter(list(enumerate(items)))
        self._made: dict[int, R] = {}
        self._error: BaseException | None = None
        self._lock = Lock()

    def run(self) -> None:
        while (one := self._next()) is not None:
            try:
                self._made[one[0]] = self._work(one[1])
            except BaseException as error:  # noqa: BLE001 - it is raised where the results are asked for
                self._error = self._error or error

    def results(self) -> list[R]:
        if self._error is not None:
            raise self._error
        return [self._made[number] for number in sorted(self._made)]

    def _next(self) -> tuple[int, T] | None:
        with self._lock:
            return None if self._error is not None else next(self._left, None)
