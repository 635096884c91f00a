"""The demo's account must be able to fail."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from commerce_events.cli.account import Account

EXACT = Account(
    orders=2,
    seen=2,
    customers=3,
    met=3,
    counts={("checkout_started", "accepted"): 2, ("order_completed", "filtered"): 1},
    at_segment=2,
    duplicates=0,
    lost=0,
)


def test_an_exact_account_adds_up() -> None:
    assert EXACT.adds_up


@pytest.mark.parametrize(
    "wrong",
    [
        replace(EXACT, seen=1),
        replace(EXACT, met=2),
        replace(EXACT, at_segment=1),
        replace(EXACT, at_segment=3),
        replace(EXACT, duplicates=1),
        replace(EXACT, lost=1),
        replace(EXACT, counts={**EXACT.counts, ("order_updated", "pending"): 1}),
        replace(EXACT, counts={**EXACT.counts, ("order_updated", "dead"): 1}),
    ],
)
def test_an_account_with_a_gap_does_not(wrong: Account) -> None:
    assert not wrong.adds_up


def test_the_table_names_every_message_and_status() -> None:
    console = Console(width=120, record=True, file=StringIO())

    console.print(EXACT.table())

    shown = console.export_text()
    assert "Checkout Started" in shown
    assert "2 of 2 orders and 3 of 3 customers seen" in shown
    assert "2 messages at Segment; duplicates 0; lost 0" in shown
