"""Which secrets open which store's door. They are looked up for all stores together, now and then.

So a stranger's guess takes the same time whether there is such a store or not, and no request waits for
Airflow's connections while what was known a moment ago will do.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from hmac import compare_digest
from math import inf

from commerce_events.domain.errors import CommerceEventsError, TransientError

log = logging.getLogger(__name__)

FRESH = 15.0  # seconds; a changed secret is known that soon
STALE = 600.0  # and where Airflow cannot be asked, the last answer serves that long
PAUSE = 1.0  # between two attempts to ask

NOBODY = (sha256(b"no store has this").digest(),)

Digests = Mapping[str, tuple[bytes, ...] | None]


class Keyring:
    """`ask` gives the valid secrets of each store, several while one replaces another; it may block.

    None for a store whose secrets cannot be found out just now: what was known of it stays.
    """

    def __init__(
        self,
        ask: Callable[[], Mapping[str, Collection[str] | None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._known: Digests = {}
        self._known_at = -inf
        self._asked_at = -inf
        self._asking: asyncio.Task[None] | None = None

    async def opens(self, store: str, shown: str) -> bool:
        """Raises TransientError where the secrets cannot be found out."""
        valid = (await self._secrets()).get(store, ())
        if valid is None:
            raise TransientError("a store's webhook secret cannot be looked up")
        digest = sha256(shown.encode("latin-1", "replace")).digest()
        matches = [compare_digest(digest, each) for each in valid or NOBODY]
        return bool(valid) and any(matches)

    async def _secrets(self) -> Digests:
        if self._age() > FRESH and self._clock() - self._asked_at > PAUSE:
            self._asked_at = self._clock()
            self._asking = asyncio.create_task(self._refresh())
        if self._age() > STALE and self._asking is not None:
            await asyncio.shield(self._asking)
        if self._age() > STALE:
            raise TransientError("the stores' webhook secrets cannot be looked up")
        return self._known

    def _age(self) -> float:
        return self._clock() - self._known_at

    async def _refresh(self) -> None:
        try:
            found = await asyncio.to_thread(self._ask)
        except CommerceEventsError as error:
            log.warning("webhook secrets: %s", error)
            return
        except Exception as error:  # noqa: BLE001 - whatever stands between us and Airflow, the sender retries
            log.warning("webhook secrets: %s", type(error).__name__)
            return
        self._known = {store: self._digests(store, secrets) for store, secrets in found.items()}
        self._known_at = self._clock()

    def _digests(self, store: str, secrets: Collection[str] | None) -> tuple[bytes, ...] | None:
        if secrets is None:
            return self._known.get(store)
        return tuple(sha256(each.encode()).digest() for each in secrets if each)
