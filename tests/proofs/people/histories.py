"""Random lives of shoppers, and what their orders come to: counted again with nothing of the product's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from itertools import count
from typing import Any

from hypothesis import strategies as st
from orders import order

from commerce_events.domain.records import Buyer, Customer, Order, Record, Reject

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
EXPONENTS = {"USD": 2, "JPY": 0, "KWD": 3}
NUMBERS = count(1)

# What may happen, how often beside the others, and two numbers that say to what and how much.
STEPS = {"order": 4, "pay": 4, "part": 1, "refund": 1, "cancel": 1, "reopen": 1, "register": 3, "rename": 1}
STEP = st.tuples(
    st.sampled_from([step for step, share in STEPS.items() for _ in range(share)]),
    st.integers(0, 11),
    st.integers(1, 99_999),
)
LIFE = st.lists(STEP, min_size=4, max_size=11)


@dataclass
class Shopper:
    """One person, whom the store knows as a guest, a customer, or first the one and then the other."""

    id: int
    clock: datetime = BEGUN
    registered: bool = False
    address: str = ""
    addresses: set[str] = field(default_factory=set)  # as a customer
    orders: dict[str, Record] = field(default_factory=dict)
    looks: list[Record] = field(default_factory=list)

    @property
    def user(self) -> str:
        return f"customer-{self.id}"

    def live(self, steps: Iterable[tuple[str, int, int]]) -> "Shopper":
        self.address = f"ann.{self.id}@shop.example"
        for step, which, amount in steps:
            self.clock += timedelta(seconds=7)
            getattr(self, f"_{step}")(which, amount)
        return self

    # What the store would say

    def bought(self) -> list[Record]:
        """The orders that are this customer's, as far as anybody could know."""
        return [each for each in self.orders.values() if self.registered and self._is_mine(each.order.buyer)]

    def _is_mine(self, buyer: Buyer) -> bool:
        browsers = {each.order.buyer.anonymous_id for each in self.orders.values() if _logged_in(each)} - {
            None
        }
        known = (buyer.email or "").strip().lower() in self.addresses
        return bool(buyer.customer_id or known or buyer.anonymous_id in browsers)

    def after(self, looks: Iterable[Record]) -> "Shopper":
        """As known by somebody who has seen no more than these."""
        seen = list(looks)
        customers = [each.customer.email for each in seen if each.stream == "customers"]
        return Shopper(
            self.id,
            registered=bool(customers),
            addresses={str(email) for email in customers},
            orders={each.id: each for each in seen if each.stream == "orders"},
        )

    def bought_with(self, order_id: str) -> list[Record]:
        """The orders of whoever placed this one: the customer, or a guest under the same address."""
        mine, address = self.bought(), _address(self.orders[order_id])
        if any(each.id == order_id for each in mine):
            return mine
        return [each for each in self.orders.values() if _address(each) == address and each not in mine]

    # What can happen

    def _order(self, which: int, amount: int) -> None:
        currency = ("USD", "USD", "JPY", "KWD")[amount % 4]
        placed = order(
            currency=currency,
            exponent=EXPONENTS[currency],
            total=amount,
            buyer=self._buyer(which % 6),
            consent=None,
        )
        name = f"order-{self.id}-{len(self.orders)}"
        self._look(Record("main", "orders", name, self.clock, self.clock, b"", placed, {"data": {}}))

    def _buyer(self, way: int) -> Buyer:
        browser = f"browser-{self.id}-{way % 2}" if way in (1, 2, 4) else None
        if way in (3, 4) and self.registered:
            return Buyer(customer_id=self.user, email=self.address, anonymous_id=browser)
        hidden = f"{self.id}@privaterelay.appleid.com"
        return Buyer(
            email={2: hidden, 5: f" {self.address.upper()}"}.get(way, self.address), anonymous_id=browser
        )

    def _pay(self, which: int, _: int) -> None:
        self._change(which, {"unpaid"}, payment="paid", status="complete", paid_at=self.clock)

    def _part(self, which: int, amount: int) -> None:
        self._change(which, {"paid"}, lambda old: {"refunded": _more(old, amount), "refunded_at": self.clock})

    def _refund(self, which: int, _: int) -> None:
        back = {"payment": "refunded", "refunded_at": self.clock}
        self._change(which, {"paid"}, lambda old: {**back, "refunded": old.total})

    def _cancel(self, which: int, _: int) -> None:
        self._change(which, {"unpaid", "paid"}, status="cancelled")

    def _reopen(self, which: int, _: int) -> None:
        self._change(which, {"paid"}, status="complete")

    def _register(self, _: int, amount: int) -> None:
        if not self.registered:
            self.registered = True
            self._look(self._as_customer())

    def _rename(self, _: int, amount: int) -> None:
        self.address = f"ann.{self.id}.{amount}@shop.example"
        if self.registered:
            self._look(self._as_customer())

    def _as_customer(self) -> Record:
        self.addresses.add(self.address)
        told = {
            "name": "Ann Lee",
            "first_name": "Ann",
            "last_name": "Lee",
            "email": self.address,
            "phone": None,
        }
        customer = Customer(
            **told,
            anonymous_id=None,
            custom={},
            anonymised=False,
            test=False,
            watched={**told, "external_ref": None},
        )
        return Record("main", "customers", self.user, BEGUN, self.clock, b"", customer, {"data": {}})

    def _change(self, which: int, payments: set[str], change: Any = None, **fields: object) -> None:
        able = [each for each in self.orders.values() if each.order.payment in payments]
        if able:
            chosen = able[which % len(able)]
            changed = replace(chosen.order, watched={}, **(change(chosen.order) if change else fields))
            self._look(replace(chosen, updated_at=self.clock, subject=changed))

    def _look(self, record: Record) -> None:
        record = replace(record, digest=blake2b(repr(record).encode(), digest_size=16).digest())
        if record.stream == "orders":
            self.orders[record.id] = record
        self.looks.append(record)


@dataclass
class Lives:
    """A source that knows these shoppers: asked for a customer, it tells how they first were."""

    shoppers: Sequence[Shopper]

    def is_complete(self, record: Record) -> bool:
        return True

    def complete(self, record: Record) -> Record:
        return record

    def read(self, stream: str, record_id: str) -> Record | Reject:
        known = [
            each
            for one in self.shoppers
            for each in one.looks
            if (each.stream, each.id) == (stream, record_id)
        ]
        return known[0] if known else Reject(record_id, "not_found", "", "", b"")


def expected(bought: Iterable[Record]) -> dict[str, Any]:
    """The computed traits of whoever placed these orders. Where none counts any more, only the sums."""
    every = sorted(bought, key=lambda each: (each.created_at, each.id))
    paid = [each for each in every if _counts(each.order)]
    sums: dict[str, list[int]] = {each.order.currency: [] for each in every}
    for each in paid:
        sums[each.order.currency].append(each.order.total - (each.order.refunded or 0))
    ends = (
        {
            "first_order_at": f"{paid[0].created_at:%Y-%m-%dT%H:%M:%S}.000Z",
            "last_order_at": f"{paid[-1].created_at:%Y-%m-%dT%H:%M:%S}.000Z",
            "last_order_id": paid[-1].id,
        }
        if paid
        else {}
    )
    return ends | {
        "total_orders": len(paid),
        "total_spent": {name: _major(sum(own), name) for name, own in sums.items()},
        "average_order_value": {
            name: _major(Decimal(sum(own)) / max(1, len(own)), name) for name, own in sums.items()
        },
    }


def first_of(orders: Iterable[Record]) -> str | None:
    paid = [(each.created_at, each.id) for each in orders if _counts(each.order)]
    return min(paid)[1] if paid else None


def _counts(order: Order) -> bool:
    return order.payment == "paid" and order.status != "cancelled"


def _address(record: Record) -> str:
    return (record.order.buyer.email or "").strip().lower()


def _logged_in(record: Record) -> bool:
    return record.order.buyer.customer_id is not None


def _more(order: Order, amount: int) -> int:
    """Part of what is left, and never all of it."""
    left = order.total - (order.refunded or 0)
    return (order.refunded or 0) + amount % max(1, left)


def _major(minor: int | Decimal, currency: str) -> float:
    whole = Decimal(minor).quantize(Decimal(1), ROUND_HALF_UP)
    return float(whole.scaleb(-EXPONENTS[currency]))
