"""A backfill tells the past once: what was never seen, and what was filtered when it was."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from pipeline import Pipeline, pipeline

from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Plan, Wish
from commerce_events.steps.backfill import capture_window
from commerce_events.steps.estimate import Rates
from commerce_events.steps.plan import Sizes, draw_up

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
RATES = Rates(requests=10.0, events=1_000.0)
ORDER_KINDS = tuple(kind for kind in Kind if kind.startswith(("order", "checkout")))


def wish(line: Pipeline, **changes: object) -> Wish:
    plain = Wish(
        "main",
        ("orders",),
        LONG_AGO,
        line.shop.clock.replace(microsecond=0),
        tuple(Kind),
        "quiet",
        {"All": False},
    )
    return replace(plain, **changes)


def planned(line: Pipeline, asked: Wish, sizes: Sizes = Sizes()) -> Plan:
    store = replace(line.store(), clock=lambda: line.shop.clock)
    plan = draw_up(store, asked, RATES, sizes)
    line.ledger.plans.keep(plan)
    return plan


def backfilled(line: Pipeline, asked: Wish, sizes: Sizes = Sizes()) -> Counter[str]:
    plan = planned(line, asked, sizes)
    outcome: Counter[str] = Counter()
    for window in plan.windows:
        outcome += capture_window(line.store(), plan, window.number)
    return outcome


def test_a_backfill_tells_what_nobody_has_seen(ledger):
    with pipeline(ledger, orders=44, start="2026-11-01T00:00:00Z") as line:
        line.shop.advance(200 * 3600)
        backfilled(line, wish(line))
        line.deliver()
        print(line.statuses(), len(line.messages()), line.shop.clock)
