"""Order Completed as one would write it in Python by hand: the bound that no template engine passes."""

from collections.abc import Mapping
from typing import Any

ADDRESS = {"street": "street", "city": "city", "state": "state", "postalCode": "postal_code"}
ADDRESS |= {"country": "country"}


def order_completed(document: Mapping[str, Any]) -> dict[str, Any]:
    told = document["commerce"]
    order, money, customer = told["order"], told["money"], told.get("customer")
    amounts = {name: money.get(name) for name in ("total", "revenue", "shipping", "tax", "discount")}
    properties = {
        "order_id": order["id"],
        "is_first_order": order.get("is_first_order"),
        "affiliation": told["store"],
        **amounts,
        "coupon": order.get("coupon"),
        "currency": money["currency"],
    }
    products = [_product(line) for line in told["lines"] if line["kind"] == "product"]
    message: dict[str, Any] = {"type": "track", "event": "Order Completed"}
    message["properties"] = {**_present(properties), "products": products}
    consent = told["context"].get("consent")
    if customer or consent:
        message["context"] = _present({"consent": consent, "traits": _traits(customer) if customer else None})
    return message


def _product(line: Mapping[str, Any]) -> dict[str, Any]:
    return _present(
        {
            "product_id": line.get("product_id") or line.get("sku") or line["id"],
            "sku": line.get("sku"),
            "name": line.get("name"),
            "price": line.get("price"),
            "quantity": line.get("quantity"),
        }
    )


def _traits(customer: Mapping[str, Any]) -> dict[str, Any]:
    address = customer.get("billing_address") or customer.get("shipping_address")
    return _present(
        {
            "email": customer.get("email"),
            "firstName": customer.get("first_name"),
            "lastName": customer.get("last_name"),
            "phone": customer.get("phone"),
            "address": address and _present({name: address.get(own) for name, own in ADDRESS.items()}),
        }
    )


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
