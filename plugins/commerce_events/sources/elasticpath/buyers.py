"""Who bought, and where it goes, as far as the order still says so."""

from collections.abc import Mapping

from commerce_events.domain.records import Buyer
from commerce_events.sources.elasticpath.nodes import Node, person_text
from commerce_events.sources.source import Rules


def buyer(order: Node, rules: Rules) -> Buyer:
    """Nothing of a person whose order was anonymised, not even an id."""
    if is_anonymised(order):
        return Buyer()
    customer, contact = order["customer"], order["contact"]
    return Buyer(
        customer_id=customer["id"].key() or _related(order, "customer"),
        account_id=_related(order, "account"),
        account_member_id=_related(order, "account_member"),
        name=customer["name"].person() or contact["name"].person(),
        email=customer["email"].person() or contact["email"].person(),
        phone=_phone(order),
        anonymous_id=_anonymous_id(order, rules.anonymous_id_field),
    )


def address(order: Node, kind: str) -> Mapping[str, str]:
    """The filled-in parts of an address."""
    parts = order[kind].value
    if is_anonymised(order) or not isinstance(parts, dict):
        return {}
    return {key: text for key, value in parts.items() if (text := person_text(value))}


def is_anonymised(order: Node) -> bool:
    return order["anonymized"].value is True


def _related(order: Node, name: str) -> str | None:
    return order.at("relationships", name, "data", "id").key()


def _phone(order: Node) -> str | None:
    kinds = ("billing_address", "shipping_address")
    return next((phone for kind in kinds if (phone := order.at(kind, "phone_number").person())), None)


def _anonymous_id(order: Node, field: str | None) -> str | None:
    return order.dotted(field).key() if field else None
