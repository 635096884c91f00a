"""Bodies of webhooks, as the stand-in store makes them; no two of them are the same event."""

from collections.abc import Iterator
from uuid import uuid4

from benchmarks.rig.orders import paid_orders
from commerce_events.sandbox.happenings import Happening
from commerce_events.sandbox.orders import Held
from commerce_events.sandbox.posting import Notice, webhook

INTEGRATION = {
    "id": "1",
    "name": "benchmark",
    "description": "",
    "configuration": {"url": "https://airflow.example.com", "secret_key": "a secret"},
}
TRIGGERS = ("order.created", "order.paid", "order.updated", "transaction.updated")


def bodies(count: int, lines: int) -> list[bytes]:
    """So many different events about a hundred orders."""
    orders = paid_orders(100, lines)
    return [body(TRIGGERS[1], orders[number % len(orders)]) for number in range(count)]


def told_of(orders: list[Held]) -> Iterator[bytes]:
    """Four events of each order, as a store sends them: not one order after the other."""
    for trigger in TRIGGERS:
        for held in orders:
            yield body(trigger, held)


def body(trigger: str, held: Held) -> bytes:
    resource = {"data": held.document, "included": {"items": held.items}}
    if trigger.startswith("transaction."):
        resource = {"data": held.transactions[0]}
    _, told = webhook(Notice(str(uuid4()), "job", "1", Happening(trigger, resource)), INTEGRATION)
    return told


def size(told: list[bytes]) -> float:
    """Kilobytes of a body, on average."""
    return sum(map(len, told)) / len(told) / 1_024
