"""What an order says of the person behind it: what they are known by, what they spent, where they live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from commerce_events.domain.identity import IdentityPolicy, guest_id, identify, internal_id
from commerce_events.domain.moments import rfc3339
from commerce_events.domain.money import number
from commerce_events.domain.records import Customer, Order, Record

PAID = frozenset({"paid", "refunded"})


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one order adds to its buyer's totals now; `amount` in minor units, less what was refunded."""

    ordered_at: datetime
    currency: str
    exponent: int
    amount: int
    counted: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """What one record tells of a person. `keys`: (kind, value) pairs they are known by, e-mail as a hash.

    `buyer` is whose an order is: a guest's is their address's, from whichever browser it came.
    """

    person: str
    known: bool  # whether `person` is a userId
    own: bool  # whether it is an id of the store's own, rather than a guest's
    buyer: str
    keys: Sequence[tuple[str, str]]
    said_at: datetime  # when what it says of the person was true
    consent: Mapping[str, bool] | None = None
    purchase: Purchase | None = None
    address: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """A person's counted orders together. `spent` by currency: (minor units, exponent, orders).

    A currency in which they ordered stays, with zeros, when nothing of it counts any more.
    """

    first_order_at: datetime | None
    first_order_id: str | None
    last_order_at: datetime | None
    last_order_id: str | None
    orders: int
    spent: Mapping[str, tuple[int, int, int]]


def trace(record: Record, policy: IdentityPolicy, key: bytes) -> Trace | None:
    """Nothing of an anonymised record, and nothing of a guest who left no id at all."""
    identity = identify(record, policy, key)
    subject = record.subject
    if subject.anonymised or identity.person is None or not isinstance(subject, Order | Customer):
        return None
    email = subject.email if isinstance(subject, Customer) else subject.buyer.email
    keys = [("email", hashed)] if (hashed := guest_id(email, IdentityPolicy(), key)) else []
    if identity.anonymous_id and identity.anonymous_id != hashed:
        keys.append(("anonymous", identity.anonymous_id))
    order = subject if isinstance(subject, Order) else None
    own = order is None or internal_id(order.buyer, policy) is not None
    return Trace(
        person=identity.person,
        known=identity.user_id is not None,
        own=own,
        buyer=identity.person if own else hashed or identity.person,
        keys=keys,
        said_at=record.created_at if order else record.updated_at,
        consent=subject.consent,
        purchase=purchase_of(record) if order else None,
        address=(order.shipping_address or order.billing_address) if order else None,
    )


def purchase_of(record: Record) -> Purchase:
    """An order counts once it is paid, until it is cancelled or refunded in full."""
    order = record.order
    counted = order.payment == "paid" and order.status != "cancelled" and not order.test
    return Purchase(
        ordered_at=record.created_at,
        currency=order.currency,
        exponent=order.exponent,
        amount=order.total - (order.refunded or 0),
        counted=counted,
    )


def computed_traits(totals: Totals) -> dict[str, Any]:
    """Totals as traits; amounts by currency in major units. What is not there is None, and not told."""
    spent = sorted(totals.spent.items())
    return {
        "first_order_at": totals.first_order_at and rfc3339(totals.first_order_at),
        "last_order_at": totals.last_order_at and rfc3339(totals.last_order_at),
        "last_order_id": totals.last_order_id,
        "total_orders": totals.orders,
        "total_spent": {name: number(minor, exp) for name, (minor, exp, _) in spent},
        "average_order_value": {
            name: number(Decimal(minor) / max(1, orders), exp) for name, (minor, exp, orders) in spent
        },
    }
