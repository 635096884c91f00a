"""Order lines as the store prints them; every amount follows from the few facts of a `Line`."""

from dataclasses import dataclass, field
from random import Random

from commerce_events.sandbox.catalogue import new_id
from commerce_events.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class Line:
    """Minor units. `discount` is the whole line's, negative or zero; `rate` is tax in basis points."""

    name: str
    sku: str
    unit: int
    quantity: int = 1
    product_id: str = ""
    discount: int = 0
    rate: int = 0
    includes_tax: bool = False
    kind: str = "order_item"
    listed: tuple[tuple[str, str, int], ...] = field(default=())  # (promotion id, code, amount)

    @property
    def net(self) -> int:
        return self.unit * self.quantity + self.discount

    @property
    def tax(self) -> int:
        if self.includes_tax:
            return self.net - _rounded(self.net * 10_000, 10_000 + self.rate)
        return _rounded(self.net * self.rate, 10_000)

    @property
    def with_tax(self) -> int:
        return self.net if self.includes_tax else self.net + self.tax

    @property
    def is_promotion(self) -> bool:
        return self.unit < 0


def _rounded(numerator: int, denominator: int) -> int:
    """Half away from zero."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def price(amount: int, currency: str) -> Json:
    # The real `formatted` cannot be trusted either: it may have the wrong exponent and lose its sign.
    return {"amount": amount, "currency": currency, "formatted": f"${abs(amount) / 100:.2f}"}


def item(line: Line, currency: str, at: str, dice: Random) -> Json:
    flat = {"currency": currency, "includes_tax": line.includes_tax}
    document: Json = {
        "id": new_id(dice),
        "type": line.kind,
        "custom_field_test": None,
        "quantity": line.quantity,
        "product_id": line.product_id,
        "name": line.name,
        "sku": line.sku,
        "unit_price": {"amount": line.unit, **flat},
        "value": {"amount": line.unit * line.quantity, **flat},
        "links": {},
        "meta": {
            "display_price": _display(line, currency),
            "timestamps": {"created_at": at, "updated_at": at},
        },
        "relationships": {"cart_item": {"data": {"type": "cart_item", "id": new_id(dice)}}},
    }
    if line.listed:
        document["discounts"] = [
            {
                "id": promotion,
                "code": code,
                "promotion_source": "rule-promotion",
                "amount": {"amount": cut, **flat},
            }
            for promotion, code, cut in line.listed
        ]
    if line.kind == "promotion_item":
        document["promotion_source"] = "rule-promotion"
    elif line.product_id and not line.is_promotion:
        document["catalog_source"] = "pim"
    return document


def _display(line: Line, currency: str) -> Json:
    totals = {
        "with_tax": line.with_tax,
        "without_tax": line.with_tax - line.tax,
        "tax": line.tax,
        "discount": line.discount,
        "without_discount": line.unit * line.quantity,
    }
    # The unit is the line divided and rounded: unit times quantity need not give the line back.
    display: Json = {
        name: {"unit": price(_rounded(value, line.quantity), currency), "value": price(value, currency)}
        for name, value in totals.items()
    }
    codes: Json = {}
    for promotion, code, cut in line.listed:
        shown = codes.setdefault(code, {**price(0, currency), "constituents": {}})
        shown["amount"] += cut
        shown["constituents"][promotion] = price(cut, currency)
    return {**display, "discounts": codes} if codes else display
