"""What can happen to an order, each time with everything that follows from it.

Every function changes the held order in place and moves its `updated_at`; what the store would refuse
raises `ValueError`.
"""

from datetime import datetime
from random import Random

from commerce_events.sandbox.clock import restamp, stamp
from commerce_events.sandbox.lines import price
from commerce_events.sandbox.orders import Held
from commerce_events.sandbox.payments import add_refund, amount_of, change, new_transaction, refunded_of
from commerce_events.sandbox.wire import Json

STATUS = {
    "unpaid": "incomplete",
    "partially_authorized": "incomplete",
    "partially_paid": "incomplete",
    "authorized": "processing",
    "paid": "complete",
    "refunded": "complete",
}


def authorise(dice: Random, held: Held, at: datetime, amount: int | None = None) -> None:
    """The rest of the balance, or a part of it (a split payment)."""
    owed = _owed(held)
    held.transactions.append(new_transaction(dice, held, "authorize", _part(amount, owed), at))
    _settle(held, at)


def pay(dice: Random, held: Held, at: datetime, amount: int | None = None) -> None:
    """Capture what is authorised, then purchase the rest; or purchase only a part of it."""
    _refuse(held.document["payment"] in ("paid", "refunded"), "it is paid")
    if amount is None:
        for transaction in _of_kind(held, "authorize"):
            change(transaction, "capture", at)
    owed = held.total - amount_of(held, "authorize", "purchase", "capture")
    if amount is not None or owed or not held.transactions:
        held.transactions.append(new_transaction(dice, held, "purchase", _part(amount, owed), at))
    _settle(held, at)


def fail_payment(dice: Random, held: Held, at: datetime) -> None:
    held.transactions.append(new_transaction(dice, held, "purchase", held.total, at, status="failed"))
    touch(held, at)


def fulfil(held: Held, at: datetime) -> None:
    _refuse(held.document["payment"] != "paid", "only a paid order can be fulfilled")
    held.document["shipping"] = "fulfilled"
    touch(held, at)


def refund(held: Held, at: datetime, amount: int | None = None) -> None:
    """A part, or without an amount all that is left, marked by hand."""
    left = amount_of(held, "purchase", "capture", "refund") - refunded_of(held)
    _refuse(held.document["payment"] not in ("paid", "partially_paid"), "nothing was paid")
    wanted = _part(amount, left)
    mechanism = "manual" if amount is None else "automatic"
    for transaction in _of_kind(held, "purchase", "capture", "refund"):
        taken = min(wanted, transaction["amount"] - transaction.get("refunded_amount", 0))
        if taken:
            add_refund(transaction, taken, at, mechanism=mechanism)
            wanted -= taken
    if amount is None or refunded_of(held) == held.total:
        held.document["payment"] = "refunded"
        held.document["meta"]["timestamps"].pop("fully_paid_at", None)
    touch(held, at)


def cancel(held: Held, at: datetime) -> None:
    """Cancelling refunds nothing: the payment value stays."""
    _refuse(held.document["shipping"] == "fulfilled", "a fulfilled order cannot be cancelled")
    held.document["status"] = "cancelled"
    touch(held, at)


def reopen(held: Held, at: datetime) -> None:
    held.document["status"] = STATUS[held.document["payment"]]
    touch(held, at)


def edit(held: Held, at: datetime, **fields: object) -> None:
    """Objects are merged into, everything else is replaced."""
    for name, value in fields.items():
        present = held.document.get(name)
        merged = {**present, **value} if isinstance(present, dict) and isinstance(value, dict) else value
        held.document[name] = merged
    touch(held, at)


def anonymise(held: Held, at: datetime) -> None:
    document = held.document
    final = document["status"] == "cancelled" or document["payment"] == "refunded"
    _refuse(not final and document["shipping"] != "fulfilled", "only ended orders may be anonymised")
    for block in ("customer", "contact", "shipping_address", "billing_address"):
        if block in document:
            document[block] = {name: "**" for name in document[block] if name != "id"}
    for name in ("web_order_id", "gift_message", "consignment-id"):
        if document.get(name):
            document[name] = "**"
    for attribute in document.get("custom_attributes", {}).values():
        attribute["value"] = "**"
    document["anonymized"] = True
    touch(held, at)


def touch(held: Held, at: datetime) -> None:
    times = held.document["meta"]["timestamps"]
    times["updated_at"] = restamp(times["updated_at"], at)


def _settle(held: Held, at: datetime) -> None:
    """Payment, status and balances follow from the transactions."""
    paid, authorised = amount_of(held, "purchase", "capture", "refund"), amount_of(held, "authorize")
    payment = _payment(held.total, paid, authorised)
    held.document["payment"] = payment
    if held.document["status"] != "cancelled":
        held.document["status"] = STATUS[payment]
    display = held.document["meta"]["display_price"]
    times = held.document["meta"]["timestamps"]
    if "balance_owing" in display:
        display["paid"] = price(paid, held.currency)
        display["authorized"] = price(authorised, held.currency)
        display["balance_owing"] = price(held.total - paid - authorised, held.currency)
        if payment == "paid":  # a timestamp that only newer orders have
            times["fully_paid_at"] = stamp(at)
    touch(held, at)


def _payment(total: int, paid: int, authorised: int) -> str:
    if paid >= total:
        return "paid" if not authorised else "authorized"
    if paid + authorised >= total:
        return "authorized"
    if paid:
        return "partially_paid"
    return "partially_authorized" if authorised else "unpaid"


def _owed(held: Held) -> int:
    _refuse(held.document["payment"] in ("paid", "authorized", "refunded"), "nothing is owed")
    return held.total - amount_of(held, "authorize", "purchase", "capture")


def _of_kind(held: Held, *kinds: str) -> list[Json]:
    return [
        one for one in held.transactions if one["status"] == "complete" and one["transaction_type"] in kinds
    ]


def _part(amount: int | None, most: int) -> int:
    _refuse(amount is not None and not 0 < amount <= most, f"the amount must be between 1 and {most}")
    return most if amount is None else amount


def _refuse(wrong: bool, why: str) -> None:
    if wrong:
        raise ValueError(why)
