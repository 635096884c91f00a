"""The queue door: for as long as the triggerer lives, messages are moved from queues into the inbox.

It rings no bell of its own: a new hint in the inbox does. Where no store has a queue it looks at the settings
now and then, so that one that is added is met without a restart.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from commerce_events.airflow import connections, wall
from commerce_events.airflow.queues import feeds
from commerce_events.domain.errors import CommerceEventsError
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.drain import Feed, drain

log = logging.getLogger(__name__)

FRESH = 600.0  # seconds until the settings are read anew
IDLE = 60.0  # the same where no store has a queue
AFTER_TROUBLE = 15.0
LOOK = 10  # seconds a queue is asked to wait for a message; a triggerer that stops waits for it too


class QueueTrigger(BaseEventTrigger):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while True:
            try:
                await _serve()
            except Exception as error:  # noqa: BLE001 - the triggerer would not start it again
                _tell("queues", error)
                await asyncio.sleep(AFTER_TROUBLE)
        yield TriggerEvent(None)  # never reached: it makes this a generator, which Airflow wants


async def _serve() -> None:
    ledger, found = await asyncio.to_thread(_opened)
    if not found:
        await asyncio.sleep(IDLE)
        return
    # Not the loop's own threads: those are few, and all triggers share them.
    threads = ThreadPoolExecutor(len(found), thread_name_prefix="queue")
    try:
        until = time.monotonic() + FRESH
        await asyncio.gather(*(_listen(feed, ledger, threads, until) for feed in found))
    finally:
        threads.shutdown(wait=False)  # a look that is under way ends by itself, and what it took is kept


async def _listen(feed: Feed, ledger: Ledger, threads: ThreadPoolExecutor, until: float) -> None:
    """One queue's trouble is not another's."""
    loop = asyncio.get_running_loop()
    while time.monotonic() < until:
        try:
            await loop.run_in_executor(threads, partial(drain, feed, ledger, wait=LOOK, clock=wall.now))
        except Exception as error:  # noqa: BLE001 - whatever it was, messages wait in the queue meanwhile
            _tell(f"queue of store {feed.store}", error)
            await asyncio.sleep(AFTER_TROUBLE)


def _opened() -> tuple[Ledger, Sequence[Feed]]:
    ledger = connections.open_ledger()
    return ledger, feeds(ledger)


def _tell(what: str, error: Exception) -> None:
    """Our own errors name no content; of others only the kind is safe to log."""
    said = str(error) if isinstance(error, CommerceEventsError) else type(error).__name__
    log.warning("%s: %s; trying again in %d seconds", what, said, AFTER_TROUBLE)
