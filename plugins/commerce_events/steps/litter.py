"""Pages make much that is thrown away, and no circles: the garbage collector need not look so often.

It is called by how many objects were made, looks through all that a process holds (in Airflow a lot), and
finds nothing. A tenth of a capture's time went into that.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

# A page of orders makes some ten thousand objects that stay until it is recorded.
SELDOM = (100_000, 20, 50)


class _Working:
    """How many threads work on pages, and how often the collector looked before the first of them did."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.threads = 0
        self.often = gc.get_threshold()


_WORKING = _Working()


@contextmanager
def collected_seldom() -> Iterator[None]:
    """For a `with`, or as a decorator. What circles there are all the same is found a little later."""
    with _WORKING.lock:
        if _WORKING.threads == 0:
            _WORKING.often = gc.get_threshold()
            gc.set_threshold(*SELDOM)
        _WORKING.threads += 1
    try:
        yield
    finally:
        with _WORKING.lock:
            _WORKING.threads -= 1
            if _WORKING.threads == 0:
                gc.set_threshold(*_WORKING.often)
