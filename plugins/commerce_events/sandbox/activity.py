"""A store at work: orders are placed and led on, people join and change, one plausible step at a time."""

from collections import Counter
from random import Random

from commerce_events.sandbox.orderbook import OrderBook
from commerce_events.sandbox.wire import Json


def move_on(store: OrderBook, dice: Random, count: int) -> Counter[str]:
    """`count` steps, each a new order or something that happens to an old one; counted by name."""
    taken: Counter[str] = Counter()
    for _ in range(count):
        taken[_move_one(store, dice)] += 1
    return taken


def _move_one(store: OrderBook, dice: Random) -> str:
    if dice.random() < 0.06:
        return _move_person(store, dice)
    known = store.order_ids()
    if not known or dice.random() < 0.3:
        store.place_order()
        return "place"
    order_id = dice.choice(known)
    step = dice.choice(_possible(store.order(order_id)))
    try:
        store.take_step(order_id, step)
    except (ValueError, KeyError, TypeError):  # moved on by someone else, too cheap, or a broken record
        return "none"
    return step


def _move_person(store: OrderBook, dice: Random) -> str:
    known = store.customer_ids()
    if not known or dice.random() < 0.3:
        store.add_customer()
        return "join"
    customer_id = dice.choice(known)
    new = dice.choice(
        ({"loyalty_tier": "gold"}, {"marketing_consent": dice.random() < 0.5}, {"name": "Ada Lovelace"})
    )
    try:
        store.edit_customer(customer_id, **new)
    except (KeyError, TypeError):  # deleted meanwhile, or a broken record
        return "none"
    return "change profile"


def _possible(document: Json) -> tuple[str, ...]:
    status, payment = document.get("status"), document.get("payment")
    if status == "cancelled":
        return ("reopen", "refund", "touch") if payment == "paid" else ("reopen", "touch")
    if document.get("anonymized"):
        return ("touch",)
    match payment:
        case "unpaid":
            return ("pay", "pay", "authorise", "authorise_part", "pay_part", "fail", "cancel", "edit")
        case "partially_authorized" | "partially_paid" | "authorized":
            return ("pay", "pay", "cancel", "edit")
        case "paid" if document.get("shipping") == "fulfilled":
            return ("refund_part", "refund", "edit", "anonymise")
        case "paid":
            return ("fulfil", "fulfil", "refund_part", "refund", "cancel", "edit")
        case _:
            return ("touch", "anonymise")
