"""Carts at the moment of checkout: product lines, promotions that are lines too, and shipping."""

from dataclasses import dataclass, replace
from random import Random

from commerce_events.sandbox.catalogue import MINOR_PER_CENT, Product, new_id
from commerce_events.sandbox.lines import Line

TAX_RATES = (0, 825, 1_900, 1_000)
CODES = ("SALE20", "WELCOME-5", "ΕΚΠΤΩΣΗ")


@dataclass(frozen=True, slots=True)
class Cart:
    """`shipping` is the shipping group's; shipping as a custom item is among the lines."""

    currency: str
    lines: tuple[Line, ...]
    shipping: int = 0


def fill(dice: Random, products: tuple[Product, ...], currency: str) -> Cart:
    if dice.random() < 0.03:
        free = products[-1]  # the whole order costs nothing
        return Cart(currency, (_line(dice, free, currency),))
    wanted = dice.sample(products, dice.choice((1, 1, 2, 3, 5)))
    lines = tuple(_line(dice, product, currency) for product in wanted)
    lines = _with_item_discount(dice, lines) if dice.random() < 0.25 else lines
    if dice.random() < 0.3:
        lines = with_promotion(dice, lines, standard=dice.random() < 0.5)
    return _with_shipping(dice, Cart(currency, lines))


def with_promotion(dice: Random, lines: tuple[Line, ...], *, standard: bool) -> tuple[Line, ...]:
    """A cart promotion: a line of its own with a negative price, already inside the product lines.

    A standard promotion is typed like a product and is missing from the lines' `discounts`.
    """
    cut = sum(line.net for line in lines) * dice.choice((10, 20, 100 if len(lines) == 1 else 15)) // 100
    if not cut:
        return lines
    promotion, code = new_id(dice), dice.choice(CODES)
    kind = "order_item" if standard else "promotion_item"
    own = Line("Cart promotion", code, -cut, product_id=promotion, kind=kind)
    shared = _shared_out(lines, cut)
    listed = () if standard else tuple((promotion, code, -share) for share in shared)
    discounted = tuple(
        replace(line, discount=line.discount - share, listed=line.listed + listed[place : place + 1])
        for place, (line, share) in enumerate(zip(lines, shared, strict=True))
    )
    return (own, *discounted)


def _shared_out(lines: tuple[Line, ...], cut: int) -> list[int]:
    """The cut in proportion to the lines; what rounding leaves is taken where there is room."""
    whole = sum(line.net for line in lines)
    shares = [line.net * cut // whole for line in lines]
    for place, line in enumerate(lines):
        more = min(cut - sum(shares), line.net - shares[place])
        shares[place] += more
    return shares


def _line(dice: Random, product: Product, currency: str) -> Line:
    return Line(
        product.name,
        product.sku,
        product.price(currency),
        quantity=dice.choice((1, 1, 1, 2, 3, 7)),
        product_id=product.id,
        rate=dice.choice(TAX_RATES),
        includes_tax=dice.random() < 0.4,
    )


def _with_item_discount(dice: Random, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    place = dice.randrange(len(lines))
    line = lines[place]
    cut = line.net * dice.choice((10, 33, 100)) // 100  # the last one is a free gift
    cheaper = replace(line, discount=-cut, listed=((new_id(dice), dice.choice(CODES), -cut),))
    return (*lines[:place], cheaper, *lines[place + 1 :])


def _with_shipping(dice: Random, cart: Cart) -> Cart:
    fee = round(dice.choice((0, 499, 1_500)) * MINOR_PER_CENT[cart.currency])
    if dice.random() < 0.3:
        return replace(cart, shipping=fee)
    kind = dice.choice(("standard", "express", ""))
    if not kind:
        return cart
    line = Line("Shipping", f"__shipping_{kind}", fee, rate=dice.choice((0, 1_900)))
    return replace(cart, lines=(*cart.lines, line))
