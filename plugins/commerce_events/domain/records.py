"""What a source hands over: records in our words, and the pages they come in.

A source translates its own shapes into these once; nothing behind it knows which store it was.
Amounts are minor units of the record's currency, times are aware UTC datetimes, ids are strings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")


class LineKind(StrEnum):
    PRODUCT = "product"
    PROMOTION = "promotion"  # a negative line; already inside the product lines, never added again
    SHIPPING = "shipping"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class Line:
    """One order line. Amounts are after discount and without tax unless the name says otherwise."""

    id: str
    kind: LineKind
    product_id: str
    sku: str
    name: str
    quantity: int
    price: Decimal  # one unit; may be a fraction of a minor unit
    list_price: Decimal  # one unit before discount
    value: int  # the whole line
    tax: int
    discount: int  # the whole line's, positive


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought, as the store says it; the identity policy decides what leaves."""

    customer_id: str | None = None
    account_id: str | None = None
    account_member_id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    anonymous_id: str | None = None  # the browser's id, carried in a configured field of the order


@dataclass(frozen=True, slots=True)
class Order:
    """One order as it stands now, in neutral words.

    `watched` maps a group's name to a hash of what the store says there.
    """

    number: str | None
    status: str  # incomplete | processing | complete | cancelled
    payment: str  # unpaid | partially_authorized | authorized | partially_paid | paid | refunded
    shipping: str  # unfulfilled | fulfilled
    currency: str
    exponent: int
    total: int  # with tax and shipping
    tax: int
    shipping_total: int  # without tax
    discount: int  # positive
    coupons: tuple[str, ...]
    paid_at: datetime | None  # when payment was captured, if the store or a transaction tells
    authorized_at: datetime | None
    refunded: int | None  # all refunds together; None: transactions were not read
    refunded_at: datetime | None
    anonymised: bool
    test: bool  # matches the store's configured filter for test orders
    buyer: Buyer
    billing_address: Mapping[str, str]
    shipping_address: Mapping[str, str]
    lines: Sequence[Line]
    watched: Mapping[str, str]
    consent: Mapping[str, bool] | None = None  # by category; None: the store does not say

    @property
    def revenue(self) -> int:
        """Items after discount, without tax and shipping: one rule in every message."""
        return self.total - self.tax - self.shipping_total


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer or account member as it stands now. `watched` maps a trait's name to its source value."""

    name: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    anonymous_id: str | None  # the browser's id, carried in a configured field
    custom: Mapping[str, Any]  # the store's own fields, under their names there
    anonymised: bool
    test: bool
    watched: Mapping[str, Any]
    consent: Mapping[str, bool] | None = None
    deleted: bool = False  # the store has it no more; nothing but its id is known


@dataclass(frozen=True, slots=True)
class Profile:
    """What follows from all orders of a person together; worked out here, in no store.

    `links` are other ids that messages about the person went out under, and how each is joined to theirs:
    identify | alias.
    """

    traits: Mapping[str, Any]
    links: Mapping[str, str] = field(default_factory=dict)
    consent: Mapping[str, bool] | None = None
    anonymised: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """An order or a customer with what we know of it, and the source's own document beside it.

    `document` is the store's JSON with secrets and personal clutter that nobody needs removed:
    {"data": {...}, "included": {"items": [...]}}. `digest` tells two versions of the same second apart.
    """

    store: str
    stream: str
    id: str
    created_at: datetime
    updated_at: datetime
    digest: bytes
    subject: Order | Customer | Profile
    document: Mapping[str, Any]
    _made: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, work: "Callable[[Record], T]") -> T:
        """What `work` makes of this record, made once: its facts share it, and nobody writes to it."""
        if work not in self._made:
            self._made[work] = work(self)
        made: T = self._made[work]
        return made

    @property
    def order(self) -> Order:
        """The subject of a record of stream `orders`."""
        if not isinstance(self.subject, Order):
            raise TypeError(f"a record of stream {self.stream} is no order")
        return self.subject

    @property
    def customer(self) -> Customer:
        """The subject of a record of stream `customers` or `account_members`."""
        if not isinstance(self.subject, Customer):
            raise TypeError(f"a record of stream {self.stream} is no customer")
        return self.subject

    @property
    def profile(self) -> Profile:
        """The subject of a record of stream `people`."""
        if not isinstance(self.subject, Profile):
            raise TypeError(f"a record of stream {self.stream} is no profile")
        return self.subject


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be read. `body` is kept in the ledger for a person to look at."""

    record_id: str | None
    reason: str
    path: str
    message: str  # names what and where, never the content
    body: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Some changed records. `cursor` resumes after it; `served_at` is the store's own clock."""

    records: Sequence[Record]
    rejects: Sequence[Reject]
    served_at: datetime
    cursor: str
    requests: int = field(default=1)
