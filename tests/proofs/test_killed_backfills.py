"""A backfill that is killed again and again, shared, or disturbed comes to what an undisturbed one does."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qs

import pytest
from backfills import SIZES, again, captured, planned, wish
from pipeline import Pipeline, pipeline
from proofs.books import check_arrivals, check_books, known, told
from proofs.workers import KILLED, Executioner, Moment, Workers

from commerce_events.domain.plans import Plan, Stage
from commerce_events.ledger.ledger import Ledger
from commerce_events.sources.elasticpath.paging import Limits

TINY = replace(SIZES, window=12)
Undisturbed = Callable[[Pipeline], Pipeline]
once = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)


def applied(line: Pipeline, workers: Workers, plan: Plan, dice: Random, kills: int) -> int:
    """Kill whoever applies the plan, so many times at most, until it ended; returns how often."""
    executioner = Executioner(line)
    killed = 0
    while again(line, plan).stage is not Stage.CAPTURED:
        process = workers.start(line, "backfill", ahead=400.0 * killed)
        if killed < kills:
            moment = Moment("shop", dice.randint(2, 14), dice.choice((0.0, dice.uniform(0, 0.05))), 30.0)
            executioner.kill(process, moment)
        ended = workers.wait(process)
        check_books(line.ledger)
        assert ended in (0, KILLED)
        killed += ended == KILLED
    return killed


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_backfill_goes_on_behind_the_last_page(
    busy_line: Pipeline, undisturbed: Undisturbed, workers: Workers, seed: int
) -> None:
    expected = undisturbed(busy_line)
    plan = planned(busy_line, wish(busy_line), TINY)

    assert applied(busy_line, workers, plan, Random(seed), kills=5) >= 3
    busy_line.deliver()

    assert busy_line.segment.unique().keys() == expected.segment.unique().keys()
    assert told(busy_line.ledger).keys() == told(expected.ledger).keys()
    assert known(busy_line.ledger) == known(expected.ledger)
    check_arrivals(busy_line)


def test_two_workers_on_the_same_windows_tell_everything_once(
    busy_line: Pipeline, undisturbed: Undisturbed, workers: Workers
) -> None:
    expected = undisturbed(busy_line)
    plan = planned(busy_line, wish(busy_line), TINY)

    begun = [workers.start(busy_line, "backfill") for _ in range(2)]
    assert [workers.wait(each) for each in begun] == [0, 0]
    busy_line.deliver()

    assert again(busy_line, plan).stage is Stage.CAPTURED
    assert busy_line.segment.unique().keys() == expected.segment.unique().keys()
    assert known(busy_line.ledger) == known(expected.ledger)
    check_books(busy_line.ledger)
    check_arrivals(busy_line)


def test_a_live_sync_and_a_backfill_side_by_side_tell_everything_once(
    busy_line: Pipeline, undisturbed: Undisturbed, workers: Workers
) -> None:
    expected = undisturbed(busy_line)
    planned(busy_line, wish(busy_line), TINY)

    begun = [workers.start(busy_line, step) for step in ("backfill", "run")]
    assert [workers.wait(each) for each in begun] == [0, 0]
    busy_line.clock.sleep(3_600)
    busy_line.deliver()

    assert busy_line.segment.unique().keys() == expected.segment.unique().keys()
    assert known(busy_line.ledger) == known(expected.ledger)
    check_books(busy_line.ledger)


@pytest.mark.parametrize("seed", [3, 4])
@once
def test_orders_that_change_while_they_are_backfilled_are_told_once(
    ledger: Ledger, undisturbed: Undisturbed, seed: int
) -> None:
    """What happens meanwhile is the live sync's; together they tell what is true in the end."""
    dice = Random(seed)
    with pipeline(ledger, orders=44) as line:
        line.paging = Limits(page=5)
        line.shop.advance(120 * 3_600)
        plan = planned(line, wish(line, fence_hours=72), TINY)

        def disturb(request: Any) -> None:
            if request.path == "/v2/orders" and again(line, plan).left and dice.random() < 0.7:
                line.shop.advance(dice.choice((0, 1, 60)))
                open_ = [one["id"] for one in line.shop.orders() if one["payment"] == "unpaid"]
                line.shop.pay(dice.choice(open_)) if open_ else line.shop.place_order()

        line.shop.on_request(disturb)
        captured(line, plan)
        line.run()
        expected = undisturbed(line)

    assert completed(line) == completed(expected)
    check_books(line.ledger)
    check_arrivals(line, in_order=False)


def completed(line: Pipeline) -> Counter[str]:
    return Counter(
        f"{one['event']} {one['properties']['order_id']}"
        for one in line.messages()
        if one["event"] != "Order Updated"
    )


WALL = 500


@pytest.fixture
def crowded(ledger: Ledger) -> Iterator[Pipeline]:
    """6,000 orders: 1,200 in one day, 400 of them in one minute, 120 of those in one second."""
    with pipeline(ledger) as line:
        now = line.shop.clock.replace(microsecond=0)
        noon = now.replace(hour=12, minute=0, second=0) - timedelta(days=30)
        dice = Random(5)
        moments = [now - timedelta(seconds=dice.randrange(86_400, 700 * 86_400)) for _ in range(4_800)]
        moments += [noon + timedelta(seconds=dice.randrange(-40_000, 40_000)) for _ in range(800)]
        moments += [noon + timedelta(seconds=dice.randrange(60)) for _ in range(280)] + [noon] * 120
        for at in sorted(moments):
            line.shop.clock = at
            line.shop.place_order(buyer="guest", currency="USD")
        line.shop.clock = now
        line.paging = Limits(wall=WALL)
        yield line


@once
def test_crowded_days_are_captured_once_and_no_request_looks_past_the_wall(
    crowded: Pipeline, workers: Workers
) -> None:
    reached: list[int] = []
    crowded.shop.on_request(lambda request: reached.append(offset(request.query)))
    plan = planned(crowded, wish(crowded), replace(SIZES, window=200, wall=WALL))

    kills = applied(crowded, workers, plan, Random(9), kills=5)

    assert kills == 5
    assert all((window.counted or 0) < WALL for window in plan.windows)
    assert max(reached) <= WALL
    assert crowded.statuses() == {"pending": 6_000}
    assert set(known(crowded.ledger)) == {("main", name) for name in crowded.shop.order_ids()}


def offset(query: str) -> int:
    """How far into a result a request looks."""
    asked = parse_qs(query)
    return int(asked.get("page[offset]", ["0"])[0]) + int(asked.get("page[limit]", ["0"])[0])
