"""Amounts are exact until they are printed, and printed exactly."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.money import major, number


@pytest.mark.parametrize(
    ("minor", "exponent", "printed"),
    [
        (1999, 2, "19.99"),
        (1999, 0, "1999"),
        (1999, 3, "1.999"),
        (1900, 2, "19"),
        (-5, 2, "-0.05"),
        (0, 3, "0"),
    ],
)
def test_the_exponent_places_the_point(minor, exponent, printed):
    assert json.dumps(number(minor, exponent)) == printed


@pytest.mark.parametrize(("minor", "rounded"), [("0.5", "0.01"), ("-0.5", "-0.01"), ("133.3333", "1.33")])
def test_half_of_a_minor_unit_is_rounded_away_from_zero(minor, rounded):
    assert major(Decimal(minor), 2) == Decimal(rounded)


@given(st.integers(-(10**14), 10**14), st.integers(0, 4))
def test_what_is_printed_is_the_amount_to_the_last_digit(minor, exponent):
    assert Decimal(json.dumps(number(minor, exponent))) == Decimal(minor).scaleb(-exponent)
