"""The long store with its orders where they hurt: over two years, a sixth on one day, many in one minute.

Ties come in another order at each request. It remembers how far into a result anybody ever looked.
"""

import sys
from bisect import bisect_left, bisect_right
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from random import Random
from urllib.request import urlopen

from benchmarks.rig.long_store import BOUND, KINDS, LongStore
from benchmarks.rig.orders import PLACED
from benchmarks.rig.served import running

BEGAN = PLACED - timedelta(days=730)
CROWDED_DAY = -300  # before PLACED
NOON = 43_200
A_DAY = 86_400
LINES = 1


def crowded_store(orders: int) -> AbstractContextManager[str]:
    """Its address, while it runs. Of 250,000 orders 40,000 are on one day, and 9,000 of these in a minute."""
    return running([sys.executable, "-m", __name__, str(orders)])


def reached(address: str) -> int:
    """How far into a result any request has looked, its own page included."""
    with urlopen(f"{address}/reached") as answer:
        return int(answer.read())


def seconds_of(orders: int) -> list[int]:
    """When each order was placed, in order, in seconds after PLACED: all are from before."""
    dice, day = Random(11), CROWDED_DAY * A_DAY
    minute, that_day = orders * 9 // 250, orders * 40 // 250
    begun = int((BEGAN - PLACED).total_seconds())
    spread = [dice.randrange(begun, 0) for _ in range(orders - that_day)]
    crowd = [day + dice.randrange(A_DAY) for _ in range(that_day - minute)]
    return sorted(spread + crowd + [day + NOON + dice.randrange(60) for _ in range(minute)])


class CrowdedStore(LongStore):
    def __init__(self, orders: int) -> None:
        super().__init__(orders, LINES, latency=0.0)
        self._seconds = seconds_of(orders)
        self._dice = Random(3)
        self._reached = 0

    def _body(self, path: str, query: dict[str, list[str]]) -> bytes:
        return str(self._reached).encode() if path == "/reached" else super()._body(path, query)

    def _page(self, query: dict[str, list[str]]) -> bytes:
        first, behind = 0, len(self._seconds)
        for which, said in BOUND.findall(query.get("filter", [""])[0]):
            at = bisect_left(self._seconds, int((datetime.fromisoformat(said) - PLACED).total_seconds()))
            first, behind = (max(first, at), behind) if which == "ge" else (first, min(behind, at))
        offset, limit = (int(query.get(f"page[{name}]", ["0"])[0]) for name in ("offset", "limit"))
        self._reached = max(self._reached, offset + limit)
        numbers = self._shuffled(first + offset, min(behind, first + offset + limit), first, behind)
        return self._listed(numbers, max(0, behind - first))

    def _shuffled(self, start: int, end: int, first: int, behind: int) -> list[int]:
        """The orders of a page. Those of one second stand in any order, also across its ends."""
        if start >= end:
            return []
        low = max(first, bisect_left(self._seconds, self._seconds[start]))
        high = min(behind, bisect_right(self._seconds, self._seconds[end - 1]))
        numbers = sorted(range(low, high), key=lambda number: (self._seconds[number], self._dice.random()))
        return numbers[start - low : end - low]

    def _listed(self, numbers: list[int], total: int) -> bytes:
        rows = [(self._kinds[number % KINDS], number) for number in numbers]
        orders = ",".join(kind.filled(kind.order, number, self._seconds[number]) for kind, number in rows)
        items = ",".join(kind.items for kind, _ in rows)
        meta = f'{{"results":{{"total":{total}}}}}'
        return f'{{"data":[{orders}],"included":{{"items":[{items}]}},"meta":{meta}}}'.encode()


if __name__ == "__main__":
    CrowdedStore(int(sys.argv[1])).serve()
