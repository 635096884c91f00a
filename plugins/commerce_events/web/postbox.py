"""Hints that come at the same time are written in one transaction, however many callers wait for it."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from sqlalchemy.exc import OperationalError

from commerce_events.domain.errors import CommerceEventsError, TransientError
from commerce_events.domain.hints import Hint
from commerce_events.ledger.database import trouble

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
# Beyond that the database does not keep up, and callers are better told at once.
MOST_WAITING = 2_000
# Less than the sender waits for an answer. What is written later all the same does no harm.
SECONDS = 4.0

Letter = tuple[Hint, asyncio.Future[None]]


class Postbox:
    """`keep` writes hints down in one transaction; it may block, and is called by one thread at a time."""

    def __init__(self, keep: Callable[[Sequence[Hint]], object]) -> None:
        self._keep = keep
        self._letters: list[Letter] = []
        self._writer: asyncio.Task[None] | None = None

    async def put(self, hint: Hint) -> None:
        """Return once the hint is in the database; raises TransientError if it may not be."""
        if len(self._letters) >= MOST_WAITING:
            raise TransientError("more hints come than the ledger's database takes")
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._letters.append((hint, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        try:
            await asyncio.wait_for(kept, SECONDS)
        except TimeoutError:
            raise TransientError("the ledger's database takes too long") from None

    async def _write(self) -> None:
        while self._letters:
            letters, self._letters = self._letters[:MOST_AT_ONCE], self._letters[MOST_AT_ONCE:]
            wrong = await self._trouble_with([hint for hint, _ in letters])
            for _, kept in letters:
                if kept.done():
                    continue  # its caller gave up
                if wrong is None:
                    kept.set_result(None)
                else:
                    kept.set_exception(TransientError(wrong))

    async def _trouble_with(self, hints: Sequence[Hint]) -> str | None:
        try:
            await asyncio.to_thread(self._keep, hints)
        except CommerceEventsError as error:
            return str(error)
        except OperationalError as error:
            return trouble(error)
        except Exception as error:  # noqa: BLE001 - callers are told, and the next ones are served
            return f"the ledger's database refused hints ({type(error).__name__})"
        log.info("kept %d hints", len(hints))
        return None
