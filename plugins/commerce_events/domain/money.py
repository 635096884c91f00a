"""Money in minor units, and how it becomes a number in a message.

Minor units are whole numbers (cents, yen, fils); a currency's exponent says how many of its decimals
they hold: 2 for USD, 0 for JPY, 3 for KWD. Floats appear only in `number`, the last step before JSON.
"""

from decimal import ROUND_HALF_UP, Decimal


def major(minor: int | Decimal, exponent: int) -> Decimal:
    """1999 with exponent 2 is 19.99; half of a minor unit is rounded up, away from zero."""
    whole = Decimal(minor).to_integral_value(ROUND_HALF_UP)
    return whole.scaleb(-exponent)


def number(minor: int | Decimal, exponent: int) -> int | float:
    """The JSON number for an amount: exact in text, since a float prints its shortest decimal form."""
    amount = major(minor, exponent)
    return int(amount) if amount == amount.to_integral_value() else float(amount)
