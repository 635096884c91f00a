"""A checkout: how a cart and a person become an order document with its items."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random

from commerce_events.sandbox.carts import Cart
from commerce_events.sandbox.catalogue import Person, new_id
from commerce_events.sandbox.clock import stamp
from commerce_events.sandbox.lines import item, price
from commerce_events.sandbox.wire import Json


@dataclass(slots=True)
class Held:
    """One order with what belongs to it, in the store's own JSON."""

    document: Json
    items: list[Json]
    transactions: list[Json]

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def total(self) -> int:
        return int(self.document["meta"]["display_price"]["with_tax"]["amount"])

    @property
    def currency(self) -> str:
        return str(self.document["meta"]["display_price"]["with_tax"]["currency"])


def check_out(dice: Random, cart: Cart, person: Person, at: datetime, *, old: bool = False) -> Held:
    """`old`: as orders looked before the store knew discounts and balances."""
    when = _printed(dice, at)
    items = [item(line, cart.currency, when, dice) for line in cart.lines]
    related: list[Json] = [{"type": "item", "id": one["id"]} for one in items]
    if cart.shipping:
        related.append({"type": "shipping_group", "id": new_id(dice)})  # is in no `included`
    document: Json = {
        "type": "order",
        "id": new_id(dice),
        **_own_fields(dice),
        "status": "incomplete",
        "payment": "unpaid",
        "shipping": "unfulfilled",
        "anonymized": False,
        **_buyer(dice, person),
        "shipping_address": {**dict(person.address), "phone_number": "", "instructions": ""},
        "billing_address": dict(person.address),
        "links": {},
        "meta": {
            "display_price": _display(cart, old=old),
            "timestamps": {"created_at": when, "updated_at": when},
        },
        "relationships": {"items": {"data": related}, **_owners(dice, person)},
    }
    return Held(document, items, [])


def _printed(dice: Random, at: datetime) -> str:
    """Mostly in UTC; a few records carry an offset."""
    if dice.random() < 0.95:
        return stamp(at)
    return at.astimezone(timezone(timedelta(hours=-7))).replace(microsecond=0).isoformat()


def _own_fields(dice: Random) -> Json:
    """Flow fields stand at the root under any name, often null."""
    fields: Json = {"web_order_id": None, "consignment-id": None, "gift_message": None}
    if dice.random() < 0.3:
        fields["web_order_id"] = f"W-{dice.randrange(10**6):06}"
        fields["gift_message"] = "Für Zoë, with love 🎁 from +1 555 0100"
    if dice.random() < 0.4:
        session = {"type": "string", "value": f"sess-{dice.getrandbits(64):016x}"}
        fields["custom_attributes"] = {"session_id": session}
    if dice.random() < 0.3:
        fields["order_number"] = f"{dice.randrange(10**5):05}"  # the merchant's own, not unique
    if dice.random() < 0.2:
        fields["external_ref"] = f"erp/{dice.randrange(10**5)}"
    return fields


def _buyer(dice: Random, person: Person) -> Json:
    block: Json = {"name": person.name, "email": person.email}
    if person.kind == "guest":
        return {"customer": {**block, "email": _typed(dice, person.email)}}
    if person.kind == "customer":
        return {"customer": {"id": person.customer_id, **block} if dice.random() < 0.5 else block}
    return {"contact": block, "customer": block} if dice.random() < 0.25 else {"contact": block}


def _typed(dice: Random, email: str) -> str:
    """Guests type their address anew each time."""
    return dice.choice((email, email, email.upper(), email.capitalize(), f" {email} "))


def _owners(dice: Random, person: Person) -> Json:
    if person.kind == "customer":
        return {"customer": {"data": {"type": "customer", "id": person.customer_id}}}
    if person.kind == "account":
        spelled = dice.choice(("account-member", "account_member"))
        return {
            "account": {"data": {"type": "account", "id": person.account_id}},
            "account_member": {"data": {"type": spelled, "id": person.member_id}},
        }
    return {}


def _display(cart: Cart, *, old: bool) -> Json:
    lines = [line for line in cart.lines if not line.is_promotion]
    with_tax = sum(line.with_tax for line in lines) + cart.shipping
    tax = sum(line.tax for line in lines)
    amounts = {"with_tax": with_tax, "without_tax": with_tax - tax, "tax": tax}
    if not old:
        amounts |= {
            "discount": sum(line.discount for line in lines),
            "balance_owing": with_tax,
            "paid": 0,
            "authorized": 0,
            "without_discount": sum(line.unit * line.quantity for line in lines) + cart.shipping,
            "shipping": cart.shipping,
            "shipping_discount": 0,
        }
    display = {name: price(amount, cart.currency) for name, amount in amounts.items()}
    if old and not tax:
        display["tax"] = {"amount": 0, "currency": "", "formatted": ""}
    return display
