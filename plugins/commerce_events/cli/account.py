"""The demo's account: what the ledger says, beside what the store and Segment really hold."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from commerce_events.domain.facts import Kind
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.run import Sandbox

STATUSES = ("accepted", "filtered", "quarantined", "dead", "pending")
Json = Mapping[str, Any]
Told = tuple[str, str]  # what was told, and the order or customer it is about
ANONYMISED = "**"


@dataclass(frozen=True, slots=True)
class Account:
    """`lost`: what orders and customers imply, or the ledger calls accepted, and Segment has not."""

    orders: int
    seen: int
    customers: int
    met: int
    counts: Mapping[tuple[str, str], int]  # by kind and status
    at_segment: int
    duplicates: int
    lost: int

    @property
    def adds_up(self) -> bool:
        accepted = sum(count for (_, status), count in self.counts.items() if status == "accepted")
        left = sum(count for (_, status), count in self.counts.items() if status in ("pending", "dead"))
        complete = (self.seen, self.met) == (self.orders, self.customers)
        return complete and accepted == self.at_segment and not (left or self.duplicates or self.lost)

    def table(self) -> Table:
        table = Table(title="What became of every order and customer", title_justify="left", show_footer=True)
        table.add_column("message", footer="all")
        for status in STATUSES:
            total = sum(self.counts.get((kind, status), 0) for kind in Kind)
            table.add_column(status, footer=str(total), justify="right")
        for kind in Kind:
            name = kind.value.replace("_", " ").title()
            table.add_row(name, *(str(self.counts.get((kind, status), 0)) for status in STATUSES))
        table.caption = (
            f"{self.seen} of {self.orders} orders and {self.met} of {self.customers} customers seen\n"
            f"{self.at_segment} messages at Segment; duplicates {self.duplicates}; lost {self.lost}"
        )
        table.caption_justify = "left"
        return table


def draw_up(ledger: Ledger, sandbox: Sandbox) -> Account:
    """Compare: the three were never told about each other."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in ledger.reports.by_message():
        counts[line.kind, line.status] += line.count
    seen = {stream: count for _, stream, count in ledger.reports.records()}
    messages = list(sandbox.segment.unique().values())
    told = {*_tracked(messages), *_identified(messages)}
    accepted = sum(count for (_, status), count in counts.items() if status == "accepted")
    implied = {one for order in sandbox.store.orders() for one in _implied(order)}
    implied |= {one for customer in sandbox.store.customers() for one in _introduced(customer)}
    return Account(
        orders=len(sandbox.store.order_ids()),
        seen=seen.get("orders", 0),
        customers=len(sandbox.store.customer_ids()),
        met=seen.get("customers", 0),
        counts=counts,
        at_segment=len(messages),
        duplicates=sandbox.segment.inbox.duplicates(),
        lost=len(implied - told) + max(0, accepted - len(messages)),
    )


def _tracked(messages: Iterable[Json]) -> Iterator[Told]:
    for message in messages:
        if message["type"] == "track":
            yield message["event"], message["properties"]["order_id"]


def _identified(messages: Iterable[Json]) -> Iterator[Told]:
    """What Segment knows of each person in the end: a later trait replaces an earlier one."""
    profiles: dict[str, dict[str, Any]] = defaultdict(dict)
    for message in messages:
        if message["type"] == "identify":
            profiles[message["userId"]] |= message["traits"]
    for user_id, traits in profiles.items():
        for name in ("email", "name"):
            yield f"{name} {traits.get(name)}", user_id


def _implied(order: Json) -> Iterator[Told]:
    """What an order's present state alone says must have been told, read without any of our own rules."""
    yield "Checkout Started", order["id"]
    if order["payment"] in ("paid", "refunded"):
        yield "Order Completed", order["id"]
    if order["payment"] == "refunded" and order["meta"]["display_price"]["with_tax"]["amount"]:
        yield "Order Refunded", order["id"]
    if order["status"] == "cancelled":
        yield "Order Cancelled", order["id"]


def _introduced(customer: Json) -> Iterator[Told]:
    """What Segment must know of a customer as the store has them now."""
    for name in ("email", "name"):
        if customer.get(name) not in (None, "", ANONYMISED):
            yield f"{name} {customer[name]}", customer["id"]
