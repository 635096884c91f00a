"""Money in minor units, and how it becomes a number in a message.

Minor units are whole numbers (cents, yen, fils); a currency's exponent says how many of its decimals
they hold: 2 for USD, 0 for JPY, 3 for KWD. Floats appear only in `number`, the last step before JSON.
"""

from decimal import ROUND_HALF_UP, Decimal


def major(minor: int | Decimal, exponent: int) -> Decimal:
    """1999 with exponent 2 is 19.99; half of a minor unit is rounded up, away from zero."""
    return Decimal(minor if isinstance(minor, int) else _rounded(minor)).scaleb(-exponent)


def number(minor: int | Decimal, exponent: int) -> int | float:
    """The JSON number for an amount: exact in text, since a float prints its shortest decimal form.

    The quotient of two whole numbers is the float nearest to it, as that of the decimal would be.
    """
    one: int = 10**exponent
    units = minor if isinstance(minor, int) else _rounded(minor)
    return units / one if units % one else units // one


def _rounded(minor: Decimal) -> int:
    return int(minor.to_integral_value(ROUND_HALF_UP))
