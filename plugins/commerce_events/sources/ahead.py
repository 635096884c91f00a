"""Fetching what comes next while the last is worked on."""

from collections.abc import Iterator
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T], depth: int) -> Iterator[T]:
    """The same items in the same order, each asked for once, `depth` of them before they are wanted. What
    fails on the way to an item is raised when the items before it are done with.
    """
    coming = _Coming(items, depth)
    try:
        while (found := coming.found.get()) is not None:
            if isinstance(found, _Failure):
                raise found.error
            coming.room.release()
            yield found.item
    finally:
        coming.is_wanted = False
        coming.room.release()


class _Found(Generic[T]):
    def __init__(self, item: T) -> None:
        self.item = item


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


class _Coming(Thread, Generic[T]):
    """Items on their way. A daemon: nobody who gives up waits for a store that does not answer."""

    def __init__(self, items: Iterator[T], depth: int) -> None:
        super().__init__(daemon=True)
        self.found: SimpleQueue[_Found[T] | _Failure | None] = SimpleQueue()  # None behind the last one
        self.room = Semaphore(depth)
        self.is_wanted = True
        self._items = items
        self.start()

    def run(self) -> None:
        try:
            while self.room.acquire() and self.is_wanted:
                self.found.put(_Found(next(self._items)))
        except StopIteration:
            self.found.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where the item is asked for
            self.found.put(_Failure(error))
