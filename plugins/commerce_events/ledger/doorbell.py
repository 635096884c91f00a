"""The doorbell: rings when hints wait in the inbox. It carries none of them; whoever comes looks for all.

On Postgres the inbox notifies whoever listens, in the transaction that keeps a hint, so that an idle shop
costs nothing; now and then we look all the same, for a connection pooler may swallow notifications. On
SQLite, which cannot notify, we look often: it is one machine, and the question takes a millisecond.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from psycopg import AsyncConnection, Error
from sqlalchemy import Engine

from commerce_events.ledger.inbox import CHANNEL, Inbox

log = logging.getLogger(__name__)

LOOK = 0.5  # seconds between two looks where nobody notifies us
SLOW_LOOK = 30.0  # and where somebody does
AGAIN = 30.0  # hints that still wait then have nobody who works on them
QUIET = 1.0  # from one ring to the next: whoever comes takes all that wait
AFTER_TROUBLE = (1.0, 2.0, 5.0, 15.0)

# A connection that died silently is found out within a minute.
ALIVE: dict[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


async def rings(inbox: Inbox) -> AsyncIterator[int]:
    """How many hints wait, whenever new ones have come or old ones are left. Raises what a look raises."""
    engine = inbox.database.engine
    answered, rung_at = None, 0.0
    async for _ in _told(engine) if engine.dialect.name == "postgresql" else _looks():
        count, newest = await asyncio.to_thread(inbox.untried)
        if count and (newest != answered or time.monotonic() - rung_at > AGAIN):
            answered, rung_at = newest, time.monotonic()
            yield count
            await asyncio.sleep(QUIET)


async def _looks() -> AsyncIterator[None]:
    while True:
        yield
        await asyncio.sleep(LOOK)


async def _told(engine: Engine) -> AsyncIterator[None]:
    """Once at the beginning, then whenever there may be something; connects again where that is lost."""
    failures = 0
    # As the engine itself connects: an address written as text would lose a host that is a folder.
    _, address = engine.dialect.create_connect_args(engine.url)
    while True:
        try:
            async with await AsyncConnection.connect(**address, **ALIVE, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                failures = 0
                yield
                while True:
                    async for _ in connection.notifies(timeout=SLOW_LOOK, stop_after=1):
                        pass
                    yield
        except Error as error:
            wait = AFTER_TROUBLE[min(failures, len(AFTER_TROUBLE) - 1)]
            failures += 1
            said = next(iter(str(error).splitlines()), type(error).__name__)  # of servers, never of content
            log.warning("cannot listen for hints (%s); trying again in %.0f s", said, wait)
            await asyncio.sleep(wait)
            yield  # meanwhile we look
