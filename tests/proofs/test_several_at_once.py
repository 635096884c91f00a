"""Several captures and several deliveries at once: each fact told once, each message sent once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pipeline import Pipeline, pipeline
from proofs.books import check_arrivals, check_books, duplicates, known, told

from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox import faults

# Shorter than a lease: a worker that finds every lane taken ends, and does not wait until they are forfeit.
SHORT = timedelta(seconds=60)


def in_threads(line, step, count):
    with ThreadPoolExecutor(count) as pool:
        begun = [pool.submit(getattr(line, step)) for _ in range(count)]
        return [each.result() for each in begun]


def in_processes(line, workers, step, count):
    begun = [workers.start(line, step) for _ in range(count)]
    assert [workers.wait(each) for each in begun] == [0] * count


@pytest.fixture
def crowded_line(ledger: Ledger) -> Iterator[Pipeline]:
    """More people than one claim takes lanes, a Segment that takes its time, and all of it captured."""
    with pipeline(ledger) as line:
        line.parcel, line.budget = 3, SHORT
        for _ in range(90):
            line.shop.place_order(buyer="customer")
        line.capture()
        line.segment.faults.always(faults.slow(0.005))
        yield line


@pytest.mark.parametrize("count", [2, 4])
def test_captures_at_once_in_threads_record_each_fact_once(busy_line, undisturbed, count):
    expected = undisturbed(busy_line)

    outcomes = in_threads(busy_line, "capture", count)
    busy_line.deliver()

    check_books(busy_line.ledger)
    check_arrivals(busy_line)
    assert told(busy_line.ledger) == told(expected.ledger)
    assert known(busy_line.ledger) == known(expected.ledger)
    assert sum(outcome["checkout_started pending"] for outcome in outcomes) == len(busy_line.shop.orders())
    assert duplicates(busy_line) == 0


@pytest.mark.parametrize("count", [2, 4])
def test_captures_at_once_in_processes_record_each_fact_once(busy_line, undisturbed, workers, count):
    expected = undisturbed(busy_line)

    in_processes(busy_line, workers, "capture", count)
    busy_line.deliver()

    check_books(busy_line.ledger)
    check_arrivals(busy_line)
    assert told(busy_line.ledger) == told(expected.ledger)
    assert known(busy_line.ledger) == known(expected.ledger)
    assert duplicates(busy_line) == 0


@pytest.mark.parametrize("count", [2, 4])
def test_deliveries_at_once_in_threads_share_the_work_and_send_nothing_twice(crowded_line, count):
    outcomes = in_threads(crowded_line, "deliver", count)

    assert sum(outcome["accepted"] for outcome in outcomes) == 90
    assert sum(outcome["accepted"] > 0 for outcome in outcomes) > 1
    check_books(crowded_line.ledger)
    check_arrivals(crowded_line)
    assert duplicates(crowded_line) == 0


def test_deliveries_at_once_in_processes_send_nothing_twice(crowded_line, workers):
    in_processes(crowded_line, workers, "deliver", 3)

    check_books(crowded_line.ledger)
    check_arrivals(crowded_line)
    assert duplicates(crowded_line) == 0


def test_whole_runs_at_once_through_faults_come_to_the_same(busy_line, undisturbed, workers):
    """Their clocks leap, so that one takes the lanes of another: only then is a message sent twice."""
    expected = undisturbed(busy_line)
    busy_line.segment.faults.mix(0.2, 5, faults.retryable(stall=0.01))

    in_processes(busy_line, workers, "run", 3)
    busy_line.segment.faults.clear()
    busy_line.clock.sleep(3600)
    busy_line.run()

    assert told(busy_line.ledger) == told(expected.ledger)
    assert known(busy_line.ledger) == known(expected.ledger)
    check_books(busy_line.ledger)
    check_arrivals(busy_line, in_order=False)
