"""A run is called good only if nothing waits for a person beyond what was agreed, and nothing is late."""

from datetime import timedelta

import pytest
from pipeline import Pipeline

from commerce_events.config import Health
from commerce_events.domain.errors import AttentionError
from commerce_events.sandbox import faults
from commerce_events.steps.report import report_run

HEALTH = Health(quarantine_share=0.1, quarantine_rows=20, lag_minutes=60)


def broken(line: Pipeline, count: int) -> None:
    """Orders without any line: their messages break the contracts."""
    for _ in range(count):
        order = line.shop.place_order(buyer="customer")
        document = line.shop.order(order) | {"id": f"{order}-broken", "relationships": {}}
        line.shop.put_raw(document, items=[], transactions=[])


def test_a_good_run_is_reported_in_numbers(line):
    for _ in range(25):
        line.shop.place_order(buyer="customer")
    line.run()

    counts = report_run(line.ledger, HEALTH, now=line.clock.now())

    assert (counts["rows"], counts["quarantined"], counts["lag_seconds"]) == (25, 0, 0)


def test_quarantined_messages_beyond_their_share_are_no_good_run(line):
    broken(line, 15)
    line.run()

    with pytest.raises(AttentionError, match=r"15 of 30 messages .* quarantined"):
        report_run(line.ledger, HEALTH, now=line.clock.now())


def test_a_few_rows_decide_nothing_about_a_share(line):
    broken(line, 3)
    line.run()

    report_run(line.ledger, HEALTH, now=line.clock.now())


def test_messages_that_wait_too_long_are_no_good_run(line):
    line.shop.place_order(buyer="customer")
    line.segment.faults.always(faults.status(503))
    line.capture()
    line.deliver(budget=timedelta(seconds=30))

    line.clock.sleep(2 * 3600)

    with pytest.raises(AttentionError, match=r"waited 1[12]\d minutes"):
        report_run(line.ledger, HEALTH, now=line.clock.now())


def test_what_was_wrong_yesterday_is_forgotten(line):
    broken(line, 15)
    line.run()
    line.clock.sleep(25 * 3600)

    report_run(line.ledger, HEALTH, now=line.clock.now())
