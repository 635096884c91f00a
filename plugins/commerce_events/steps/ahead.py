"""Fetching the next page while the last one is worked on."""

from collections.abc import Iterator
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


def one_ahead(pages: Iterator[T]) -> Iterator[T]:
    """The same pages in the same order, each asked for once. What fails on the way to a page is raised when
    the pages before it are done with.
    """
    coming = _Coming(pages)
    while (page := coming.result()) is not None:
        coming = _Coming(pages)
        yield page


class _Coming(Thread, Generic[T]):
    """One page on its way. A daemon: nobody who gives up waits for a store that does not answer."""

    def __init__(self, pages: Iterator[T]) -> None:
        super().__init__(daemon=True)
        self._pages = pages
        self._page: T | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._page = next(self._pages, None)
        except BaseException as error:  # noqa: BLE001 - it is raised where the page is asked for
            self._error = error

    def result(self) -> T | None:
        """None behind the last page."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._page
