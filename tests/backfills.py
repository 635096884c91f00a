"""Backfills of a pipeline's store: what is asked for, planned and captured, as the command does it."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline import Pipeline

from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Plan, Wish
from commerce_events.steps.estimate import Rates
from commerce_events.steps.plan import Sizes, draw_up

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RATES = Rates(requests=0.1, events=1_000.0)  # so slow that the smallest window has work enough
SIZES = Sizes()


def wish(line: Pipeline, **changes: Any) -> Wish:
    """All that the store has until now, with every tracking, unseen by campaigns."""
    now = line.shop.clock.replace(microsecond=0)
    plain = Wish("main", ("orders",), LONG_AGO, now, tuple(Kind), "quiet", {"All": False}, fence_hours=0)
    return replace(plain, **changes)


def planned(line: Pipeline, asked: Wish, sizes: Sizes = SIZES, rates: Rates = RATES) -> Plan:
    """A kept plan, made by the clock of the store."""
    plan = draw_up(replace(line.store(), clock=lambda: line.shop.clock), asked, rates, sizes)
    line.ledger.plans.keep(plan)
    return plan


def captured(line: Pipeline, plan: Plan) -> Counter[str]:
    """Every window that is left, one after the other."""
    return line.backfill(again(line, plan))


def again(line: Pipeline, plan: Plan) -> Plan:
    """The plan as it stands in the ledger."""
    found = line.ledger.plans.get(plan.id)
    assert found is not None
    return found


def backfilled(line: Pipeline, sizes: Sizes = SIZES, **changes: Any) -> Counter[str]:
    return captured(line, planned(line, wish(line, **changes), sizes))
