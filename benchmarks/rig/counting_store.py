"""A store of any number of orders that are all paid, placed at even distances: it can only count them."""

import re
from datetime import UTC, datetime
from urllib.parse import unquote_plus

import orjson

from commerce_events.sandbox.http import StandIn
from commerce_events.sandbox.wire import Request, Response

BOUND = re.compile(r'(ge|lt)\(created_at,"?([^")]+)"?\)')
EQUAL = re.compile(r"eq\((\w+),(\w+)\)")
STATE = {"payment": "paid", "status": "complete"}


class CountingStore(StandIn):
    """`every` microseconds from `first` on there is an order, until there are `orders`."""

    def __init__(self, orders: int, first: datetime, every: int) -> None:
        self._orders, self._first, self._every = orders, first, every
        super().__init__()

    def answer(self, request: Request) -> Response:
        if request.path == "/oauth/access_token":
            token = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600, "expires": 4102444800}
            return Response(200, orjson.dumps(token))
        asked = unquote_plus(request.parameters().get("filter", ""))
        total = self._total(asked)
        page = {"limit": 1, "offset": 0, "current": 1, "total": total}
        return Response(200, orjson.dumps({"data": [], "meta": {"page": page, "results": {"total": total}}}))

    def _total(self, asked: str) -> int:
        if any(STATE[name] != value for name, value in EQUAL.findall(asked)):
            return 0
        bounds = {name: self._place(said) for name, said in BOUND.findall(asked)}
        return max(0, bounds.get("lt", self._orders) - bounds.get("ge", 0))

    def _place(self, said: str) -> int:
        """How many were placed before that time."""
        since = datetime.fromisoformat(said).astimezone(UTC) - self._first
        passed = since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds
        return min(self._orders, max(0, -(-passed // self._every)))
