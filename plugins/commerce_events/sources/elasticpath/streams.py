"""The streams a store has: where each is listed, how it is walked, and what one of its records means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from commerce_events.domain.records import Record
from commerce_events.sources.elasticpath.client import ElasticPathClient
from commerce_events.sources.elasticpath.currencies import Currencies
from commerce_events.sources.elasticpath.customers import ACCOUNT_MEMBER, CUSTOMER, Kind, person_record
from commerce_events.sources.elasticpath.listing import Sorting
from commerce_events.sources.elasticpath.nodes import Node
from commerce_events.sources.elasticpath.orders import order_record
from commerce_events.sources.elasticpath.paging import Course, Limits, Portion, Walk
from commerce_events.sources.elasticpath.resource import Resource
from commerce_events.sources.elasticpath.slices import Slices
from commerce_events.sources.elasticpath.span import Span
from commerce_events.sources.elasticpath.transactions import with_transactions
from commerce_events.sources.source import Rules

# Sorted by what never changes: to sort orders by their last change is documented nowhere.
ORDERS = Course("GET /v2/orders", "orders", Sorting("created_at"))
CUSTOMERS = Course("GET /v2/customers", "customers", Sorting("updated_at"))
MEMBERS = Course(
    "GET /v2/account-members", "account members", Sorting("updated_at", falling=True), by_time=False
)


class Stream(Protocol):
    """`items` and `record` raise BadRecordError, or whatever a document of an unforeseen shape makes them."""

    @property
    def resource(self) -> Resource: ...

    @property
    def course(self) -> Course: ...

    def portions(self, span: Span, after: str | None, limits: Limits) -> Iterator[Portion]: ...

    def items(self, data: Any, included: Mapping[str, Any]) -> list[Any]: ...

    def record(self, data: Any, items: list[Any]) -> Record: ...

    @property
    def completes(self) -> bool: ...

    def is_complete(self, record: Record) -> bool: ...

    def complete(self, record: Record) -> Record: ...


@dataclass(frozen=True, slots=True)
class Orders:
    """An order's items come with it, or are fetched; its transactions cost a request."""

    resource: Resource
    rules: Rules
    course: Course
    currencies: Currencies

    def portions(self, span: Span, after: str | None, limits: Limits) -> Iterator[Portion]:
        return Walk(self.resource.list, span, limits, self.course.by(span)).portions(after)

    def items(self, data: Any, included: Mapping[str, Any]) -> list[Any]:
        """The order's own items, joined by id. A long page may leave some out of `included`."""
        order = Node(data)
        named = [one.text_at("id") for one in order["relationships"]["items"]["data"] if not _is_group(one)]
        if all(name in included for name in named):
            return [included[name] for name in named]
        items = self.resource.part(order["id"].identifier(), "items")
        return items if isinstance(items, list) else []

    def record(self, data: Any, items: list[Any]) -> Record:
        return order_record(data, items, self.rules, self.currencies.exponent)

    @property
    def completes(self) -> bool:
        return bool(self.rules.payments_with_transactions)

    def is_complete(self, record: Record) -> bool:
        return record.order.payment not in self.rules.payments_with_transactions

    def complete(self, record: Record) -> Record:
        if self.is_complete(record):
            return record
        transactions = Node(self.resource.part(record.id, "transactions"), ("transactions",))
        return replace(record, subject=with_transactions(record.order, transactions))


@dataclass(frozen=True, slots=True)
class People:
    """Customers or account members. There is nothing about them that their list does not show."""

    resource: Resource
    rules: Rules
    course: Course
    kind: Kind

    def portions(self, span: Span, after: str | None, limits: Limits) -> Iterator[Portion]:
        course = self.course.by(span)
        if course.by_time:
            return Walk(self.resource.list, span, limits, course).portions(after)
        return Slices(self.resource.list, span, limits, course).portions()

    def items(self, data: Any, included: Mapping[str, Any]) -> list[Any]:
        return []

    def record(self, data: Any, items: list[Any]) -> Record:
        return person_record(self.kind, data, self.rules)

    @property
    def completes(self) -> bool:
        return False

    def is_complete(self, record: Record) -> bool:
        return True

    def complete(self, record: Record) -> Record:
        return record


def streams(client: ElasticPathClient, rules: Rules) -> Mapping[str, Stream]:
    """By name."""
    orders = Resource(client, "/v2/orders", "items")
    customers, members = Resource(client, "/v2/customers"), Resource(client, "/v2/account-members")
    return {
        "orders": Orders(orders, rules, ORDERS, Currencies(client, rules.currencies)),
        "customers": People(customers, rules, CUSTOMERS, CUSTOMER),
        "account_members": People(members, rules, MEMBERS, ACCOUNT_MEMBER),
    }


def _is_group(related: Node) -> bool:
    """Shipping groups stand among the items and are in no `included`."""
    return related.text_at("type").startswith("shipping")
