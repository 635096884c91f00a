"""A line's amounts follow from its few facts, by examples worked out by hand."""

from random import Random

import pytest

from commerce_events.sandbox.lines import Line, item


@pytest.mark.parametrize(
    ("line", "with_tax", "without_tax", "tax", "unit"),
    [
        (Line("plain", "s", 1_000, 2), 2_000, 2_000, 0, 1_000),
        (Line("tax on top", "s", 999, 3, rate=825), 3_244, 2_997, 247, 1_081),
        (Line("tax inside", "s", 1_190, 1, rate=1_900, includes_tax=True), 1_190, 1_000, 190, 1_190),
        (Line("tax inside, rounded", "s", 100, 1, rate=1_900, includes_tax=True), 100, 84, 16, 100),
        (Line("discount before tax", "s", 1_000, 1, discount=-500, rate=1_000), 550, 500, 50, 550),
        (Line("a gift", "s", 1_000, 1, discount=-1_000, rate=1_000), 0, 0, 0, 0),
        (Line("a promotion", "s", -1_000), -1_000, -1_000, 0, -1_000),
        (Line("a unit that does not divide", "s", 100, 3, discount=-100), 200, 200, 0, 67),
    ],
)
def test_amounts_are_these(line, with_tax, without_tax, tax, unit):
    display = item(line, "USD", "2026-03-01T00:00:00Z", Random(1))["meta"]["display_price"]

    values = [display[name]["value"]["amount"] for name in ("with_tax", "without_tax", "tax")]
    assert values == [with_tax, without_tax, tax]
    assert display["with_tax"]["unit"]["amount"] == unit
