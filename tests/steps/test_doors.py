"""How long news takes through a door, and who notices when a store falls silent."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hinting import Hinting, hinting
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.config import Health
from commerce_events.domain.delays import Delay, spread, summaries
from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import AttentionError
from commerce_events.domain.moments import micros
from commerce_events.ledger.doors import Found
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import delivery, inbox
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.report import report_run

GRACE = timedelta(minutes=15)
EXPECTED = {"expected": True, "silence_changes": 2}


@pytest.fixture
def shop(ledger: Ledger) -> Iterator[Hinting]:
    with hinting(ledger, events=EXPECTED) as found:
        yield found


def place(shop: Hinting, count: int) -> None:
    """Orders that stand for two facts each."""
    for _ in range(count):
        shop.line.shop.pay(shop.line.shop.place_order(buyer="guest"))
    shop.arrive()


def poll(shop: Hinting) -> None:
    capture_changes(shop.line.store(), "orders")
    shop.line.deliver()


def found(shop: Hinting, *, later: timedelta = timedelta(hours=1)) -> Found:
    """Seen from some time later, when every grace is over."""
    now = datetime.now(UTC)
    return shop.ledger.doors.found("main", now - timedelta(days=1), now + later - GRACE, GRACE)


def watch(
    shop: Hinting, after: timedelta = timedelta(minutes=16)
) -> tuple[dict[str, float], AttentionError | None]:
    gauges: dict[str, float] = {}

    def gauge(name: str, value: float, tags: Any) -> None:
        gauges[".".join((name, *tags.values()))] = value

    try:
        stores, later = shop.line.settings.stores, datetime.now(UTC) + after
        report_run(shop.ledger, Health(), now=later, stores=stores, gauge=gauge)
    except AttentionError as error:
        return gauges, error
    return gauges, None


def test_what_hints_brought_is_announced(shop: Hinting) -> None:
    place(shop, 3)
    shop.ingest()

    assert found(shop) == Found(changes=6, unannounced=0)


def test_what_a_poll_found_and_a_hint_told_as_well_is_announced(shop: Hinting) -> None:
    place(shop, 3)
    poll(shop)

    assert found(shop) == Found(changes=6, unannounced=0)


def test_what_nobody_told_is_counted(shop: Hinting) -> None:
    place(shop, 2)
    shop.line.shop.announcer.manners.lost = 1.0
    place(shop, 1)
    poll(shop)

    assert found(shop) == Found(changes=6, unannounced=2)


def test_a_hint_of_long_ago_announces_nothing(shop: Hinting) -> None:
    order = shop.line.shop.place_order(buyer="guest")
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    shop.arrive()
    shop.ingest()
    with shop.ledger.engine.begin() as connection:
        connection.execute(inbox.update().values(received_at=micros(long_ago)))
    shop.line.shop.announcer.manners.lost = 1.0
    shop.line.shop.pay(order)
    poll(shop)

    assert found(shop).unannounced == 1


def test_what_is_still_within_its_grace_is_not_judged(shop: Hinting) -> None:
    shop.line.shop.announcer.manners.lost = 1.0
    place(shop, 3)
    poll(shop)

    assert found(shop, later=timedelta()) == Found(changes=0, unannounced=0)


def test_the_past_of_a_store_was_announced_by_nobody_and_need_not_be(ledger: Ledger) -> None:
    with hinting(ledger, orders=60, events=EXPECTED) as shop:
        poll(shop)

        assert found(shop).unannounced < 6  # what happened to seeded orders within the last day


def test_a_store_that_falls_silent_turns_the_run_red(shop: Hinting) -> None:
    shop.line.shop.announcer.manners.lost = 1.0
    place(shop, 2)
    poll(shop)

    gauges, error = watch(shop)

    assert error is not None
    assert "store main did not announce 4 of 4 changes" in str(error)
    assert "webhooks status --store main" in str(error)
    assert gauges["doors.unannounced.main"] == 1.0


@pytest.mark.parametrize(
    "events",
    [
        {"expected": False, "silence_changes": 1},
        {"expected": True, "silence_changes": 5},
        {"expected": True, "silence_changes": 1, "silence_share": 1.0},
    ],
)
def test_silence_is_an_alarm_only_where_and_as_far_as_it_was_asked_for(ledger: Ledger, events: Any) -> None:
    with hinting(ledger, events=events) as shop:
        shop.line.shop.announcer.manners.lost = 1.0
        place(shop, 2)
        poll(shop)

        assert watch(shop)[1] is None


def test_a_message_is_timed_from_the_change_to_its_acceptance(shop: Hinting) -> None:
    place(shop, 3)
    shop.ingest()

    [delay, *_] = delays = shop.ledger.doors.delays(datetime.now(UTC) - timedelta(hours=1))
    gauges, _ = watch(shop, after=timedelta())

    assert len(delays) == 6
    assert delay.door == Door.WEBHOOK
    assert all(one.received_at <= one.captured_at <= one.accepted_at for one in delays)
    assert all(0 <= one.accepted_at - one.changed_at < 30_000_000 for one in delays)
    assert 0 < gauges["doors.ours.p50.main.webhook"] <= gauges["doors.ours.max.main.webhook"] < 30


def test_a_record_that_was_told_of_before_is_timed_from_the_hint_that_brought_the_news(
    shop: Hinting,
) -> None:
    order = shop.line.shop.place_order(buyer="guest")
    shop.arrive()
    shop.ingest()
    hour = 3_600_000_000
    with shop.ledger.engine.begin() as connection:
        earlier = {name: inbox.c[name] - hour for name in ("received_at", "done_at")}
        connection.execute(inbox.update().values(**earlier))
        connection.execute(delivery.update().values(recorded_at=delivery.c.recorded_at - 30 * hour))
    shop.line.shop.pay(order)
    shop.arrive()
    shop.ingest()

    [delay] = shop.ledger.doors.delays(datetime.now(UTC) - timedelta(hours=1))

    assert 0 <= delay.accepted_at - delay.received_at < 30_000_000


def test_what_a_poll_brought_went_through_no_door(shop: Hinting) -> None:
    place(shop, 1)
    poll(shop)
    shop.ingest()

    assert shop.ledger.doors.delays(datetime.now(UTC) - timedelta(hours=1)) == []


@given(st.lists(st.integers(-(10**9), 10**12), min_size=1))
def test_half_is_no_later_than_most_and_most_no_later_than_all(micros: list[int]) -> None:
    made = spread(micros)

    assert 0 <= made.p50 <= made.p95 <= made.most


def test_stores_and_doors_are_told_apart() -> None:
    ways = [("a", Door.QUEUE), ("a", Door.WEBHOOK), ("b", Door.QUEUE)]
    delays = [Delay(store, door, 0, 1_000_000, 1_500_000, 3_000_000) for store, door in ways for _ in "12"]

    made = summaries(delays)

    assert [(one.store, one.door, one.messages) for one in made] == [(*way, 2) for way in ways]
    assert {(one.arrival.p50, one.ours.p95, one.altogether.most) for one in made} == {(1.0, 2.0, 3.0)}
