"""What the triggerer runs: a doorbell that carries no work."""

import asyncio
import json
from datetime import UTC, datetime

from airflow.sdk.module_loading import import_string
from airflow_runs import ledger_fields

from commerce_events.airflow.triggers.inbox import InboxTrigger
from commerce_events.domain.deliveries import Door
from commerce_events.domain.hints import Hint

HINT = Hint("event", "main", Door.WEBHOOK, "order.paid", "orders", "order-1", None, b'{"email":"ann@x"}')


def test_an_event_says_how_many_hints_wait_and_nothing_of_them(ledger, ledger_url, give_connection):
    give_connection("commerce_ledger", **ledger_fields(ledger_url))
    ledger.inbox.keep([HINT], datetime.now(UTC))

    async def first():
        async for event in InboxTrigger().run():
            return event

    event = asyncio.run(asyncio.wait_for(first(), 20))

    assert event.payload == {"waiting": 1}


def test_the_triggerer_can_make_it_from_what_is_stored():
    path, arguments = InboxTrigger().serialize()

    assert type(import_string(path)(**arguments)) is InboxTrigger
    assert json.loads(json.dumps(arguments)) == {}
