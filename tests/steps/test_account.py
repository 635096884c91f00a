"""Accounting for a plan's span costs little for the years in which there was nothing."""

from datetime import timedelta

import pytest
from backfills import DAY, LONG_AGO, again, captured, planned, wish
from pipeline import pipeline

from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.account import accounted, first_day

pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)


def test_years_before_the_first_order_cost_a_dozen_requests(ledger: Ledger) -> None:
    with pipeline(ledger, orders=20) as line:
        line.shop.advance(3_600)  # what has just changed is not judged
        plan = planned(line, wish(line))
        captured(line, plan)
        line.shop.requests.clear()

        [found] = accounted(line.store(), again(line, plan))

        days = (line.shop.clock - found.start).days
        assert found.is_complete
        assert sum(day.records for day in found.days) >= 19
        assert line.shop.requests.total < 2 * days + 60  # of more than 2,500 days


@pytest.mark.parametrize("days", [0, 1, 700, 2_000])
def test_nothing_before_the_first_day_is_left_out(ledger: Ledger, days: int) -> None:
    with pipeline(ledger) as line:
        end = line.shop.clock.replace(microsecond=0) + timedelta(seconds=1)
        line.shop.clock -= days * DAY
        line.shop.place_order()

        first = first_day(line.store(), "orders", LONG_AGO, end)

        assert line.source().count("orders", LONG_AGO, first) == 0
        assert line.source().count("orders", first, end) == 1
        assert line.shop.clock - first < 2 * DAY
