"""The demo's account: what the ledger says, beside what the store and Segment really hold."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from commerce_events.domain.facts import Kind
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.run import Sandbox

STATUSES = ("accepted", "filtered", "quarantined", "dead", "pending")
Told = tuple[str, str]  # an event's name and the order it is about


@dataclass(frozen=True, slots=True)
class Account:
    """`lost`: messages that the orders imply, or the ledger calls accepted, and Segment has not."""

    orders: int
    seen: int
    counts: Mapping[tuple[str, str], int]  # by kind and status
    at_segment: int
    duplicates: int
    lost: int

    @property
    def adds_up(self) -> bool:
        accepted = sum(count for (_, status), count in self.counts.items() if status == "accepted")
        left = sum(count for (_, status), count in self.counts.items() if status in ("pending", "dead"))
        exact = self.seen == self.orders and accepted == self.at_segment
        return exact and not (left or self.duplicates or self.lost)

    def table(self) -> Table:
        table = Table(title="What became of every order", title_justify="left", show_footer=True)
        table.add_column("message", footer="all")
        for status in STATUSES:
            total = sum(self.counts.get((kind, status), 0) for kind in Kind)
            table.add_column(status, footer=str(total), justify="right")
        for kind in Kind:
            name = kind.value.replace("_", " ").title()
            table.add_row(name, *(str(self.counts.get((kind, status), 0)) for status in STATUSES))
        table.caption = (
            f"{self.seen} of {self.orders} orders seen; {self.at_segment} messages at Segment; "
            f"duplicates {self.duplicates}; lost {self.lost}"
        )
        table.caption_justify = "left"
        return table


def draw_up(ledger: Ledger, sandbox: Sandbox) -> Account:
    """Compare: the three were never told about each other."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in ledger.reports.by_message():
        counts[line.kind, line.status] += line.count
    messages = sandbox.segment.unique()
    told = {(message["event"], message["properties"]["order_id"]) for message in messages.values()}
    accepted = sum(count for (_, status), count in counts.items() if status == "accepted")
    implied = {one for order in sandbox.store.orders() for one in _implied(order)}
    return Account(
        orders=len(sandbox.store.order_ids()),
        seen=sum(count for _, _, count in ledger.reports.records()),
        counts=counts,
        at_segment=len(messages),
        duplicates=sandbox.segment.inbox.duplicates(),
        lost=len(implied - told) + max(0, accepted - len(messages)),
    )


def _implied(order: Mapping[str, Any]) -> Iterator[Told]:
    """What an order's present state alone says must have been told, read without any of our own rules."""
    yield "Checkout Started", order["id"]
    if order["payment"] in ("paid", "refunded"):
        yield "Order Completed", order["id"]
    if order["payment"] == "refunded" and order["meta"]["display_price"]["with_tax"]["amount"]:
        yield "Order Refunded", order["id"]
    if order["status"] == "cancelled":
        yield "Order Cancelled", order["id"]
