"""A store with as many orders as wanted, in a process of its own: paid, one a second, each by somebody else.

They are a few hundred seeded orders over and over, with other ids, people and times put in while answering:
a million cost no memory, and answering costs little of what is measured beside it.
"""

import json
import re
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.rig.orders import PLACED, paid_orders
from benchmarks.rig.served import Served, ok, running

KINDS = 200  # more than a page shows
PAID_AFTER = timedelta(minutes=1)
TOKEN = b'{"access_token":"bench","expires":4102444800,"expires_in":3600,"token_type":"Bearer"}'
CURRENCIES = b'{"data":[{"id":"usd","type":"currency","code":"USD","decimal_places":2,"default":true}]}'
BOUND = re.compile(r'(ge|lt)\(created_at,"([^"]+)"\)')
EMAIL = re.compile(r"buyer\d+@example\.com", re.IGNORECASE)
PEOPLE = ("customer", "account", "account_member")
BLANK = re.compile(r"<(id|person|email|created|paid)>")


def long_store(orders: int, lines: int, latency: float) -> AbstractContextManager[str]:
    """Its address, while it runs. `latency` in seconds comes before each answer."""
    return running([sys.executable, "-m", __name__, str(orders), str(lines), str(latency)])


def end_of(orders: int) -> datetime:
    """The first moment behind the last order."""
    return PLACED + timedelta(seconds=orders)


@dataclass(frozen=True, slots=True)
class Kind:
    """One order as text with blanks in it."""

    order: list[str]
    items: str
    transactions: list[str]

    def filled(self, pieces: list[str], number: int, second: int | None = None) -> str:
        """`second`: when it was placed, where that is not its number."""
        created = PLACED + timedelta(seconds=number if second is None else second)
        values = {
            "id": f"{number:08x}-0000-4000-8000-000000000000",
            "person": f"{number:08x}-1111-4000-8000-000000000000",
            "email": f"buyer{number}@example.com",
            "created": f"{created:%Y-%m-%dT%H:%M:%SZ}",
            "paid": f"{created + PAID_AFTER:%Y-%m-%dT%H:%M:%SZ}",
        }
        # Every other piece is the name of a blank.
        return "".join(values[piece] if at % 2 else piece for at, piece in enumerate(pieces))


class LongStore(Served):
    def __init__(self, orders: int, lines: int, latency: float) -> None:
        self._orders = orders
        self._latency = latency
        self._kinds = [_kind(held) for held in paid_orders(KINDS, lines)]

    def answer(self, method: str, target: str, body: bytes) -> bytes:
        time.sleep(self._latency)
        asked = urlsplit(target)
        date = b"Date: " + format_datetime(datetime.now(UTC), usegmt=True).encode()
        return ok(self._body(asked.path, parse_qs(asked.query)), date)

    def _body(self, path: str, query: dict[str, list[str]]) -> bytes:
        match path.strip("/").split("/"):
            case ["oauth", _]:
                return TOKEN
            case ["v2", "currencies"]:
                return CURRENCIES
            case ["v2", "orders", identity, "transactions"]:
                number = int(identity[:8], 16)
                kind = self._kinds[number % KINDS]
                return f'{{"data":{kind.filled(kind.transactions, number)}}}'.encode()
        return self._page(query)

    def _page(self, query: dict[str, list[str]]) -> bytes:
        first, behind = 0, self._orders
        for which, said in BOUND.findall(query.get("filter", [""])[0]):
            number = int((datetime.fromisoformat(said) - PLACED).total_seconds())
            first, behind = (max(first, number), behind) if which == "ge" else (first, min(behind, number))
        total = max(0, behind - first)
        first += int(query.get("page[offset]", ["0"])[0])
        numbers = range(first, min(behind, first + int(query["page[limit]"][0])))
        kinds = [(self._kinds[number % KINDS], number) for number in numbers]
        orders = ",".join(kind.filled(kind.order, number) for kind, number in kinds)
        items = ",".join(kind.items for kind, _ in kinds)
        meta = f'{{"results":{{"total":{total}}}}}'
        return f'{{"data":[{orders}],"included":{{"items":[{items}]}},"meta":{meta}}}'.encode()


def _kind(held: Any) -> Kind:
    """The seeded order's own values become blanks."""
    times, related = held.document["meta"]["timestamps"], held.document["relationships"]
    blanks = {
        held.document["id"]: "<id>",
        **{related[name]["data"]["id"]: "<person>" for name in PEOPLE if name in related},
        times["created_at"]: "<created>",
        times["updated_at"]: "<paid>",
    }

    def blanked(what: Any) -> str:
        text = EMAIL.sub("<email>", json.dumps(what, separators=(",", ":")))
        for value, blank in blanks.items():
            text = text.replace(value, blank)
        return text

    order, transactions = blanked(held.document), blanked(list(held.transactions))
    return Kind(
        BLANK.split(order),
        json.dumps(list(held.items), separators=(",", ":"))[1:-1],
        BLANK.split(transactions),
    )


if __name__ == "__main__":
    LongStore(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])).serve()
