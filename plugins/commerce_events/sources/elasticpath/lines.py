"""An order's items as lines: what each one is, and what it cost after discount and without tax."""

from decimal import Decimal
from fnmatch import fnmatchcase

from commerce_events.domain.records import Line, LineKind
from commerce_events.sources.elasticpath.nodes import Node
from commerce_events.sources.source import Rules


def order_lines(items: Node, rules: Rules) -> tuple[Line, ...]:
    return tuple(_line(item, rules) for item in items)


def coupons(items: Node) -> tuple[str, ...]:
    """The discount codes used, each once, in the order in which they appear."""
    codes = [discount.text_at("code") for item in items for discount in item["discounts"]]
    return tuple(dict.fromkeys(code for code in codes if code))


def _line(item: Node, rules: Rules) -> Line:
    shown = item.at("meta", "display_price")
    quantity = item["quantity"].quantity()
    value = _value(item, shown, quantity)
    discount = _discount(item, shown)
    sku = item.text_at("sku")
    return Line(
        id=item["id"].identifier(),
        kind=_kind(item, sku, value, rules),
        product_id=item.text_at("product_id"),  # "" for a custom item
        sku=sku,
        name=item.text_at("name"),
        quantity=quantity,
        price=_price(shown, value, quantity),
        list_price=_list_price(item, value, discount, quantity),
        value=value,
        tax=shown.amount_at("tax", "value", "amount") or 0,
        discount=discount,
    )


def _kind(item: Node, sku: str, value: int, rules: Rules) -> LineKind:
    """Promotions are told by their sign: some come as plain items, and some cost nothing."""
    if item.text_at("type") == "promotion_item" or value < 0:
        return LineKind.PROMOTION
    if any(fnmatchcase(sku, pattern) for pattern in rules.shipping_skus):
        return LineKind.SHIPPING
    if any(fnmatchcase(sku, pattern) for pattern in rules.tax_skus):
        return LineKind.TAX
    return LineKind.PRODUCT


def _value(item: Node, shown: Node, quantity: int) -> int:
    """Items of old orders have no display price: their value is then the list price of the line."""
    known = shown.amount_at("without_tax", "value", "amount")
    if known is None:
        known = item.amount_at("value", "amount")
    return item.at("unit_price", "amount").amount() * quantity if known is None else known


def _price(shown: Node, value: int, quantity: int) -> Decimal:
    unit = shown.at("without_tax", "unit", "amount")
    return unit.price() if unit else _share(value, quantity)


def _list_price(item: Node, value: int, discount: int, quantity: int) -> Decimal:
    """`unit_price` is before discount; where it holds tax, the line without tax tells it better."""
    amount = item.at("unit_price", "amount")
    if amount and item.at("unit_price", "includes_tax").value is not True:
        return amount.price()
    return _share(value + discount, quantity)


def _discount(item: Node, shown: Node) -> int:
    """Positive. `discounts` misses promotions of the old kind, so the display price comes first."""
    known = shown.amount_at("discount", "value", "amount")
    if known is not None:
        return max(0, -known)
    return max(0, -sum(discount.at("amount", "amount").amount() for discount in item["discounts"]))


def _share(value: int, quantity: int) -> Decimal:
    return Decimal(value) / quantity if quantity else Decimal(value)
