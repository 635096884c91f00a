"""Transactions as the store keeps them: changed in place, and cluttered with what must never leak."""

from datetime import datetime
from random import Random

from commerce_events.sandbox.catalogue import new_id
from commerce_events.sandbox.clock import restamp, stamp
from commerce_events.sandbox.lines import price
from commerce_events.sandbox.orders import Held
from commerce_events.sandbox.wire import Json

# Appears in every transaction of a gateway; a test looks for it where it must not be.
SECRET = "pi_secret_never_to_be_seen"


def new_transaction(
    dice: Random, held: Held, kind: str, amount: int, at: datetime, status: str = "complete"
) -> Json:
    gateway = dice.choice(("manual", "elastic_path_payments_stripe", "stripe_payment_intents"))
    transaction: Json = {
        "id": new_id(dice),
        "type": "transaction",
        "reference": "manual" if gateway == "manual" else f"pi_{dice.getrandbits(48):012x}",
        "gateway": gateway,
        "amount": amount,
        "refunded_amount": 0,
        "currency": held.currency,
        "transaction_type": kind,
        "status": status,
        "relationships": {"order": {"data": {"type": "order", "id": held.id}}},
        "meta": {
            "display_price": price(amount, held.currency),
            "display_refunded_amount": {"total": price(0, held.currency)},
            "timestamps": {"created_at": stamp(at), "updated_at": stamp(at)},
        },
    }
    if dice.random() < 0.2:
        transaction["transaction-type"] = kind
        del transaction["refunded_amount"]  # old transactions have none until something is refunded
    if gateway != "manual":
        transaction |= _clutter(amount, held.id)
    if status == "failed":
        transaction["failure_details"] = {"code": "card_declined", "reason": "insufficient_funds"}
    return transaction


def _clutter(amount: int, order_id: str) -> Json:
    mail = "card-holder@example.net"
    return {
        "payment_intent": {
            "object": "payment_intent",
            "amount": amount,
            "client_secret": SECRET,
            "metadata": {"email": mail, "ip_address": "203.0.113.9", "order_id": order_id},
            "receipt_email": mail,
        },
        "client_parameters": {"client_secret": SECRET, "publishable_key": f"pk_{SECRET}"},
        "payment_details": {"detailed_status": ""},
    }


def change(transaction: Json, kind: str, at: datetime) -> None:
    """A capture or a refund turns the transaction into another kind, in place."""
    transaction["transaction_type"] = kind
    if "transaction-type" in transaction:
        transaction["transaction-type"] = kind
    times = transaction["meta"]["timestamps"]
    times["updated_at"] = restamp(times["updated_at"], at)


def add_refund(transaction: Json, amount: int, at: datetime, *, mechanism: str) -> None:
    change(transaction, "refund", at)
    refunded = transaction.get("refunded_amount", 0) + amount
    transaction["refunded_amount"] = refunded
    transaction["refund_mechanism"] = mechanism
    total = price(refunded, transaction["currency"])
    transaction["meta"]["display_refunded_amount"] = {"total": total}


def amount_of(held: Held, *kinds: str) -> int:
    return sum(
        one["amount"]
        for one in held.transactions
        if one["status"] == "complete" and one["transaction_type"] in kinds
    )


def refunded_of(held: Held) -> int:
    return sum(one.get("refunded_amount", 0) for one in held.transactions)
