"""How fast does the ledger record, claim and settle, when it is empty and when it holds millions?

The messages are ready; what is measured is the ledger alone, page by page and batch by batch as capture and
deliver use it, in one process. 10 million rows take many minutes to make: LEDGER_ROWS=10000000 asks for them.
"""

import gc
import os
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from benchmarks.rig.databases import DATABASES
from benchmarks.rig.fillings import fill
from benchmarks.rig.orders import PLACED, paid_orders, records
from benchmarks.rig.processes import Spent, spent
from benchmarks.tables import say, show
from commerce_events.domain.batches import Limits, pack
from commerce_events.domain.deliveries import Door, Status
from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.identity import IdentityPolicy
from commerce_events.domain.ids import event_id, lane_of
from commerce_events.domain.people import trace
from commerce_events.domain.records import Record
from commerce_events.domain.states import State
from commerce_events.ledger.entries import Entry, Owed, Told
from commerce_events.ledger.lanes import Claim
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.outbox import Request
from commerce_events.ledger.packing import packed

ORDERS = 5_000
MESSAGES = 2 * ORDERS  # each order was placed and paid
PAGE = 100  # orders
BODY_BYTES, INPUT_BYTES = 1_200, 6_000
NOW = PLACED + timedelta(days=1)
SIZES = (0, 1_000_000)
ASKED = "LEDGER_ROWS"


def main() -> None:
    rows: list[dict[str, Any]] = []
    sizes = sorted({*SIZES, *map(int, os.environ.get(ASKED, "").split())})
    for name, database in DATABASES.items():
        with database() as ledger:
            ledger.lanes.prepare("segment")
            for before, size in zip((0, *sizes), sizes, strict=False):
                fill(ledger.engine, before, size)
                rows += measure(name, ledger, size, Random(size))
    show("ledger", f"The ledger: microseconds for each of {MESSAGES:,} messages", rows)
    if ASKED not in os.environ:
        say(f"Larger ledgers only when asked for: {ASKED}=10000000")


def measure(name: str, ledger: Ledger, size: int, dice: Random) -> list[dict[str, Any]]:
    pages = owed(dice, UUID(int=dice.getrandbits(128)))
    claims: list[Claim] = []
    requests: list[Request] = []
    costs = {
        "record": cost(ledger, lambda: [record(ledger, page) for page in pages]),
        "claim": cost(ledger, lambda: claims.extend(claim(ledger))),
        "begin": cost(ledger, lambda: [requests.extend(begin(ledger, each)) for each in claims]),
        "settle": cost(ledger, lambda: [ledger.outbox.accept(each, NOW) for each in requests]),
    }
    for each in claims:
        ledger.lanes.release(each, NOW)
    settled = sum(len(each.messages) for each in requests)
    if settled != MESSAGES:
        raise SystemExit(f"{name}: {settled:,} of {MESSAGES:,} messages were settled")
    costs["record + begin + settle"] = costs["record"] + costs["begin"] + costs["settle"]
    return [row(name, size, step, each) for step, each in costs.items()]


def row(name: str, size: int, step: str, cost: Spent) -> dict[str, Any]:
    return {
        "ledger": name,
        "rows before": f"{size:,}",
        "step": step,
        "CPU us": cost.cpu / MESSAGES * 1e6,
        "database's CPU us": "within" if cost.database is None else cost.database / MESSAGES * 1e6,
        "wall us": cost.wall / MESSAGES * 1e6,
        "messages a second": MESSAGES / cost.wall,
    }


def cost(ledger: Ledger, work: Callable[[], object]) -> Spent:
    gc.collect()  # else a step pays for what the one before it left
    begun = spent(ledger)
    work()
    return spent(ledger) - begun


def record(ledger: Ledger, page: list[Entry]) -> None:
    ledger.records.record(page, door=Door.POLL, now=NOW, run="bench", step=None)


def claim(ledger: Ledger) -> list[Claim]:
    """All lanes, as often as there is something in them."""
    return [ledger.lanes.claim("segment", NOW, lanes=32, per_lane=1_000) for _ in range(8)]


def begin(ledger: Ledger, claim: Claim) -> list[Request]:
    limits = Limits()
    begun = [ledger.outbox.begin(claim, batch, 1, NOW) for batch in pack(claim.messages, limits)]
    return [each for each in begun if each is not None]


def owed(dice: Random, namespace: UUID) -> list[list[Entry]]:
    """Pages of judged orders whose messages are rendered."""
    orders = records(paid_orders(ORDERS, 1, seed=dice.randrange(2**32)))
    entries = [entry(order, dice, namespace) for order in orders]
    return [entries[at : at + PAGE] for at in range(0, len(entries), PAGE)]


def entry(order: Record, dice: Random, namespace: UUID) -> Entry:
    state = State(order.updated_at, order.digest, 0, dict.fromkeys(order.order.watched, "0" * 12))
    lane = lane_of(order.id)
    told = [
        message(Fact("main", "orders", order.id, kind, order.updated_at), lane, dice, namespace)
        for kind in (Kind.CHECKOUT_STARTED, Kind.ORDER_COMPLETED)
    ]
    left = trace(order, IdentityPolicy(), b"key")
    return Entry(order, None, state, f"person-{dice.randrange(10**6)}", told, trace=left)


def message(fact: Fact, lane: int, dice: Random, namespace: UUID) -> Told:
    """As long as a message and its input are at five lines; a third of it does not repeat itself."""
    body, given = filler(dice, BODY_BYTES), filler(dice, INPUT_BYTES)
    return Told(
        event_id(namespace, fact),
        fact,
        "",
        lane,
        [Owed("segment", Status.PENDING, None, None, body, packed(given))],
    )


def filler(dice: Random, size: int) -> bytes:
    return dice.randbytes(size // 6).hex().encode() + b"0" * (size - size // 6 * 2)


if __name__ == "__main__":
    main()
