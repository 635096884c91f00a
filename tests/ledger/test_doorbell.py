"""The doorbell rings soon after a hint is kept, and survives the loss of its connection."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from commerce_events.domain.deliveries import Door
from commerce_events.domain.hints import Fate, Hint
from commerce_events.ledger import doorbell
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.inbox import Ended
from commerce_events.ledger.ledger import Ledger

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HINT = Hint("event", "main", Door.WEBHOOK, "order.paid", "orders", "order", NOW, b"{}")


def heard(ledger: Ledger, story: Callable[[asyncio.Queue[float]], Awaitable[None]]) -> None:
    """Tell a story beside a listener; its rings are in the queue, with the moment of each."""

    async def listen(rung: asyncio.Queue[float]) -> None:
        async for _ in doorbell.rings(ledger.inbox):
            rung.put_nowait(time.monotonic())

    async def beside() -> None:
        rung: asyncio.Queue[float] = asyncio.Queue()
        listener = asyncio.create_task(listen(rung))
        try:
            await asyncio.wait_for(story(rung), 20)
        finally:
            listener.cancel()

    asyncio.run(beside())


async def keep(ledger: Ledger, event: str) -> float:
    await asyncio.to_thread(ledger.inbox.keep, [replace(HINT, event_id=event)], datetime.now(UTC))
    return time.monotonic()


def test_it_rings_for_what_waited_before_anybody_listened(ledger):
    ledger.inbox.keep([HINT], NOW)

    async def story(rung):
        await rung.get()

    heard(ledger, story)


def test_it_rings_at_once_for_a_new_hint_and_once_for_many(ledger):
    async def story(rung):
        await asyncio.sleep(1.0)
        kept_at = await keep(ledger, "first")
        rung_at = await rung.get()
        assert rung_at - kept_at < (0.3 if ledger.engine.dialect.name == "postgresql" else 1.0)
        for n in range(50):
            await keep(ledger, f"event-{n}")
        await rung.get()
        await asyncio.sleep(2.5)
        assert rung.qsize() <= 1  # one for those that came in while it was quiet

    heard(ledger, story)


def test_it_does_not_ring_again_for_what_was_answered(ledger):
    async def story(rung):
        await keep(ledger, "event")
        await rung.get()
        ledger.inbox.end([Ended(HINT, Fate.CAPTURED)], NOW)
        await asyncio.sleep(2)
        assert rung.empty()

    heard(ledger, story)


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_it_connects_again_when_the_connection_is_lost(ledger):
    async def story(rung):
        await asyncio.sleep(0.5)
        with ledger.engine.begin() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            assert connection.execute(text(others)).all() == [(True,)]
        await keep(ledger, "meanwhile")
        await rung.get()
        await asyncio.sleep(1.5)
        kept_at = await keep(ledger, "afterwards")
        assert await rung.get() - kept_at < 1.5

    heard(ledger, story)


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_it_listens_wherever_the_engine_connects_to(ledger, caplog):
    """An Airflow connection names the server's socket by its folder, in the field for the host."""
    url = ledger.engine.url
    folder = url.host or url.query["host"]
    named = Ledger(open_engine(url.set(host=folder, query={})))

    async def story(rung):
        await asyncio.sleep(0.5)
        kept_at = await keep(named, "event")
        assert await rung.get() - kept_at < 0.3

    heard(named, story)

    named.engine.dispose()
    assert "cannot listen" not in caplog.text
