"""One request budget for a store, whoever reads it; backfills keep to their part."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pipeline import LeapingClock, settings

from commerce_events.domain.errors import TransientError
from commerce_events.domain.rates import STEADY
from commerce_events.ledger.gate import NEVER
from commerce_events.steps.budget import RequestBudget, grant_backfills, requests_to
from commerce_events.steps.clock import Clock

RATE = 10.0


class StandingClock:
    """Time that only sleeping moves."""

    def __init__(self) -> None:
        self.at = LeapingClock().now()

    def clock(self) -> Clock:
        return Clock(lambda: self.at, lambda: self.at.timestamp(), self.sleep)

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def live(ledger):
    ledger.gate.prepare(requests_to("main"))
    return RequestBudget(ledger, "main", RATE, StandingClock().clock(), backfill=False)


def test_requests_of_all_readers_are_booked_one_behind_the_other(live):
    other = replace(live)

    waits = [live.book(5), other.book(5), live.book(1)]

    assert waits == pytest.approx([0, 5 / RATE / STEADY, 10 / RATE / STEADY], abs=1e-5)


def test_each_store_has_a_budget_of_its_own(live):
    live.ledger.gate.prepare(requests_to("other"))
    live.book(50)

    assert replace(live, store="other").book(1) == 0


def test_a_live_reader_finds_free_what_backfills_may_not_take(live):
    grant_backfills(live.ledger, settings().stores["main"], 0.5)
    past = replace(live, backfill=True)
    began = live.clock.now()
    for _ in range(10):
        past.book(1)

    assert (live.clock.now() - began).total_seconds() == pytest.approx(9 / (RATE * STEADY * 0.5), rel=0.01)
    assert live.book(1) <= 1 / RATE / STEADY + 1e-5


def test_whoever_may_not_ask_at_all_is_told(live):
    live.ledger.gate.grant_backfills(requests_to("main"), 0)
    with pytest.raises(TransientError, match="store main: backfills have no part of its requests"):
        replace(live, backfill=True).book(1)

    live.ledger.gate.block(requests_to("main"), NEVER)
    with pytest.raises(TransientError, match="store main: its requests are paused"):
        live.book(1)
