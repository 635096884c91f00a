"""The doorbell as an Airflow trigger: each ring becomes an asset event, which carries no work.

Events can be late in Airflow 3.3, or lost; what they ring for waits in the ledger, and the DAG also looks by
time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from commerce_events.airflow import connections
from commerce_events.domain.errors import CommerceEventsError
from commerce_events.ledger.doorbell import rings

log = logging.getLogger(__name__)

AFTER_TROUBLE = 15.0


class InboxTrigger(BaseEventTrigger):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while True:
            try:
                ledger = await asyncio.to_thread(connections.open_ledger)
                async for waiting in rings(ledger.inbox):
                    yield TriggerEvent({"waiting": waiting})  # type: ignore[no-untyped-call]
            except Exception as error:  # noqa: BLE001 - the triggerer would not start it again
                # Our own errors name no content; of others only the kind is safe to log.
                said = str(error) if isinstance(error, CommerceEventsError) else type(error).__name__
                log.warning("inbox: %s; looking again in %d seconds", said, AFTER_TROUBLE)
                await asyncio.sleep(AFTER_TROUBLE)
