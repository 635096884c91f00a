"""Data health: what is wrong with messages although each of them may keep its contract."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from commerce_events.domain.currencies import CURRENCIES
from commerce_events.domain.facts import Kind
from commerce_events.domain.identity import normal_email

Json = Mapping[str, Any]

# Enough to look at; the count says how many there are.
SAMPLES = 3


class Fault(StrEnum):
    """What can be wrong; in brackets, where a receiver notices."""

    CHECKOUT_WITHOUT_EMAIL = "checkout_without_email"  # nobody to write to (abandoned carts)
    PURCHASE_WITHOUT_CURRENCY = "purchase_without_currency"  # taken for US dollars, or refused
    UNKNOWN_CURRENCY = "unknown_currency"  # no such code
    NEGATIVE_REVENUE = "negative_revenue"  # refused by some, a refund to others
    ZERO_REVENUE = "zero_revenue"  # a gift, or a template that lost the amount
    MISSING_SKU = "missing_sku"  # a product that no catalogue finds
    DUPLICATE_ORDER_ID = "duplicate_order_id"  # two orders under one id or number: one is lost
    OTHER_ID_FORM = "other_id_form"  # the person is called otherwise than in their identify
    DUPLICATE_PROFILE = "duplicate_profile"  # several userIds with one address or phone number


# Faults that may be as they should be: they are told, and stop nobody.
ADVICE = frozenset({Fault.ZERO_REVENUE, Fault.DUPLICATE_PROFILE})


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was rendered, and what it was rendered from."""

    store: str
    record_id: str
    kind: Kind
    body: Json
    number: str | None = None  # the order's number at the store


@dataclass(slots=True)
class Person:
    """What messages say of whoever has one address, by a hash of it."""

    users: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    tracks: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Examination:
    """Looks at messages one by one; nothing personal stays but hashes, and those only while it lives."""

    messages: int = 0
    counts: Counter[Fault] = field(default_factory=Counter)
    samples: dict[Fault, list[str]] = field(default_factory=lambda: defaultdict(list))
    _people: dict[bytes, Person] = field(default_factory=lambda: defaultdict(Person))
    _phones: dict[bytes, set[str]] = field(default_factory=lambda: defaultdict(set))
    _forms_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _orders: dict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, message: Message) -> None:
        self.messages += 1
        for fault in _faults_of(message):
            self._found(fault, message.record_id)
        self._note_person(message)
        if message.kind == Kind.ORDER_COMPLETED:
            named = {"id": _properties(message).get("order_id"), "number": message.number}
            for what, value in named.items():
                if value is not None:
                    self._orders[message.store, what, str(value)].add(message.record_id)

    def finish(self) -> None:
        """Decide what only all messages together tell."""
        for records in self._orders.values():
            if len(records) > 1:
                self._found(Fault.DUPLICATE_ORDER_ID, min(records))
        for person in self._people.values():
            forms = person.forms.union(*(self._forms_of[user] for user in person.users))
            for form, record_id in person.tracks:
                if forms and form not in forms:
                    self._found(Fault.OTHER_ID_FORM, record_id)
        shared = {frozenset(person.users) for person in self._people.values() if len(person.users) > 1}
        shared |= {frozenset(users) for users in self._phones.values() if len(users) > 1}
        self.counts[Fault.DUPLICATE_PROFILE] += len(shared)

    def _found(self, fault: Fault, record_id: str) -> None:
        self.counts[fault] += 1
        if len(self.samples[fault]) < SAMPLES and record_id not in self.samples[fault]:
            self.samples[fault].append(record_id)

    def _note_person(self, message: Message) -> None:
        body = message.body
        identify = body.get("type") == "identify"
        user, forms = body.get("userId"), list(_forms(body))
        if identify and user:
            self._forms_of[f"{message.store}\x1f{user}"].update(forms)
        traits = body.get("traits") if identify else _traits(body)
        email = normal_email(_text((traits or {}).get("email")))
        if email:
            person = self._people[_hash(message.store, email)]
            if identify:
                person.forms.update(forms)
                person.users.update({f"{message.store}\x1f{user}"} if user else ())
            elif forms:
                person.tracks.append((forms[0], message.record_id))
        if identify and user and (phone := _text((traits or {}).get("phone"))):
            self._phones[_hash(message.store, phone)].add(f"{message.store}\x1f{user}")


def _faults_of(message: Message) -> Iterator[Fault]:
    properties = _properties(message)
    if message.kind == Kind.CHECKOUT_STARTED and not (
        _traits(message.body).get("email") or properties.get("email")
    ):
        yield Fault.CHECKOUT_WITHOUT_EMAIL
    if message.kind == Kind.ORDER_COMPLETED:
        yield from _faults_of_purchase(properties)


def _faults_of_purchase(properties: Json) -> Iterator[Fault]:
    currency, revenue = properties.get("currency"), properties.get("revenue")
    if not currency:
        yield Fault.PURCHASE_WITHOUT_CURRENCY
    elif currency not in CURRENCIES:
        yield Fault.UNKNOWN_CURRENCY
    if isinstance(revenue, int | float) and revenue <= 0:
        yield Fault.NEGATIVE_REVENUE if revenue < 0 else Fault.ZERO_REVENUE
    products = properties.get("products")
    if isinstance(products, list) and any(not _sku(each) for each in products):
        yield Fault.MISSING_SKU


def _sku(product: Any) -> Any:
    return product.get("sku") if isinstance(product, dict) else None


def _properties(message: Message) -> Json:
    found = message.body.get("properties")
    return found if isinstance(found, dict) else {}


def _traits(body: Json) -> Json:
    context = body.get("context")
    found = context.get("traits") if isinstance(context, dict) else None
    return found if isinstance(found, dict) else {}


def _forms(body: Json) -> Iterable[str]:
    """How a message calls its person, the userId first."""
    user = body.get("userId")
    if user:
        yield "address" if "@" in str(user) else "userId"
    if body.get("anonymousId"):
        yield "anonymousId"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _hash(store: str, value: str) -> bytes:
    return blake2b(f"{store}\x1f{value}".encode(), digest_size=12).digest()
