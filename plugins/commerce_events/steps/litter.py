"""Pages make much that is thrown away, and no circles: the garbage collector need not look so often.

It is called by how many objects were made, looks through all that a process holds (in Airflow a lot), and
finds nothing. A tenth of a capture's time went into that.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A page of orders makes some ten thousand objects that stay until it is recorded.
SELDOM = (50_000, 20, 50)


@contextmanager
def collected_seldom() -> Iterator[None]:
    """For a `with`, or as a decorator. What circles there are all the same is found a little later."""
    often = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*often)
