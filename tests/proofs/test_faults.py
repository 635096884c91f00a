"""Stores and Segments that fail often: every message arrives once all the same, and in its person's order."""

from random import Random

import pytest
from proofs.books import check_arrivals, check_books, duplicates, known, told

from commerce_events.domain.errors import TransientError
from commerce_events.sandbox import faults

# Every kind of trouble, a short one each: what is waited for is only seen by the clock.
TROUBLE = faults.retryable(stall=0.01, retry_after=1)


def run_until_calm(line, most=60):
    """As the schedule does: a run that met too much trouble is followed by another."""
    for _ in range(most):
        try:
            line.run()
        except TransientError:
            continue
        if not line.ledger.reports.pending("segment"):
            return
    raise AssertionError(f"{most} runs were not enough")


@pytest.mark.parametrize(("share", "seed"), [(0.2, 1), (0.2, 2), (0.6, 3)])
def test_through_faults_on_both_sides_everything_arrives_and_in_order(busy_line, undisturbed, share, seed):
    expected = undisturbed(busy_line)
    for stand_in in (busy_line.shop, busy_line.segment):
        for fault in Random(seed).sample(TROUBLE, len(TROUBLE)):
            stand_in.faults.next(fault)  # none stays undrawn
        stand_in.faults.mix(share, seed, TROUBLE)

    run_until_calm(busy_line)

    assert busy_line.segment.unique() == expected.segment.unique()
    assert told(busy_line.ledger) == told(expected.ledger)
    assert known(busy_line.ledger) == known(expected.ledger)
    check_books(busy_line.ledger)
    check_arrivals(busy_line)
    assert duplicates(busy_line) > 0
