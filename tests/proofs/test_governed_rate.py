"""One rate for all who send: whatever sends at once, the destination never sees more in any second."""

import gzip
import time
from bisect import bisect_left
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from owing import owe
from proofs.books import check_arrivals, check_books

from commerce_events.domain.deliveries import Priority
from commerce_events.domain.rates import STEADY, parcel
from commerce_events.sandbox import faults
from commerce_events.steps.clock import Clock
from commerce_events.steps.deliver import deliver

RATE = 200.0
WALL = Clock(lambda: datetime.now(UTC))
SECONDS = timedelta(seconds=30)


class Meter:
    """When messages came to the stand-in, and how many."""

    def __init__(self, line) -> None:
        self.came: list[tuple[float, int]] = []
        line.segment.on_request(lambda request: self.came.append((time.monotonic(), _messages(request))))

    def most_in_any_second(self) -> int:
        """Wherever the second begins: it is enough to look from each arrival on."""
        times = sorted(self.came)
        at, sums = [when for when, _ in times], [0, *accumulate(count for _, count in times)]
        return max(sums[bisect_left(at, when + 1.0)] - sums[number] for number, when in enumerate(at))

    def per_second(self) -> float:
        times = sorted(when for when, _ in self.came)
        return sum(count for _, count in self.came) / (times[-1] - times[0])


def _messages(request) -> int:
    return gzip.decompress(request.body).count(b'"messageId"')


def at_once(*work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(each) for each in work]:
            done.result()


def send(line, rate: float = RATE) -> None:
    end = replace(line.destination(), events_per_second=rate, max_age=timedelta(days=3650))
    deliver(line.ledger, [end], budget=SECONDS, clock=WALL)


def test_live_and_two_backfills_at_once_stay_below_the_rate_in_any_second(line):
    owe(line, 300, Priority.LIVE)
    owe(line, 600, Priority.BACKFILL)
    meter = Meter(line)

    at_once(*[lambda: send(line)] * 3)

    assert len(line.segment.received()) == 900
    assert meter.most_in_any_second() <= RATE * 1.02
    assert meter.per_second() > RATE * STEADY * 0.8
    check_books(line.ledger)
    check_arrivals(line)


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_a_destination_that_answers_slowly_is_kept_busy_and_below_the_rate(line):
    owe(line, 600, Priority.LIVE)
    line.segment.faults.always(faults.slow(0.15))
    meter = Meter(line)

    send(line)

    assert meter.most_in_any_second() <= RATE * 1.02
    assert meter.per_second() > 1.5 * parcel(RATE) / 0.15  # with one batch at a time: less than 1


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_low_rate_is_kept_message_by_message(line):
    owe(line, 12, Priority.LIVE)
    meter = Meter(line)

    at_once(*[lambda: send(line, rate=4.0)] * 2)

    assert parcel(4.0) == 1
    assert meter.most_in_any_second() <= 4


def test_backfills_keep_to_their_part_and_live_messages_take_the_rest(line):
    line.ledger.gate.grant_backfills("segment", 0.05)
    past = set(owe(line, 50, Priority.BACKFILL))
    owe(line, 300, Priority.LIVE)
    meter = Meter(line)

    at_once(*[lambda: send(line)] * 2)

    took = meter.came[-1][0] - meter.came[0][0]
    assert took > (50 - parcel(RATE)) / (RATE * STEADY * 0.05) * 0.95
    assert meter.most_in_any_second() <= RATE * 1.02
    assert {one.message_id for one in line.segment.received()[-10:]} <= past
    assert len(line.segment.received()) == 350


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_backfill_without_any_part_waits_and_live_messages_do_not(line):
    line.ledger.gate.grant_backfills("segment", 0.0)
    owe(line, 20, Priority.BACKFILL)
    live = owe(line, 20, Priority.LIVE)

    send(line)

    assert [one.message_id for one in line.segment.received()] == live
