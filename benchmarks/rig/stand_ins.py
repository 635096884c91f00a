"""Both stand-ins in a process of their own: whatever they do costs us no CPU of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from benchmarks.rig.orders import paid_orders
from commerce_events.sandbox.run import Sandbox


@contextmanager
def stand_ins(orders: int, lines: int) -> Iterator[tuple[str, str]]:
    """The store's address, with so many paid orders of so many lines, and Segment's."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, orders, lines), daemon=True)
    process.start()
    theirs.close()  # else a child that dies leaves us waiting for its word
    yield ours.recv()
    process.terminate()
    process.join()


def _serve(pipe: Connection, orders: int, lines: int) -> None:
    with Sandbox(orders=0, seed=1) as both:
        for held in paid_orders(orders, lines):
            both.store.put_raw(held.document, held.items, held.transactions)
        pipe.send((both.store.url, both.segment.url))
        pipe.poll(None)
