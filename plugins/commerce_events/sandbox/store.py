"""A stand-in for an Elastic Path store: its HTTP face. What can be done to its orders is in `orderbook`."""

from datetime import datetime
from random import Random

import orjson

from commerce_events.sandbox import listing
from commerce_events.sandbox.answers import (
    envelope,
    failure,
    not_found,
    raw_list,
    unauthorised,
)
from commerce_events.sandbox.catalogue import currency_documents
from commerce_events.sandbox.entries import Entry
from commerce_events.sandbox.http import StandIn
from commerce_events.sandbox.listing import Habits
from commerce_events.sandbox.orderbook import OrderBook
from commerce_events.sandbox.rates import RateLimit
from commerce_events.sandbox.tokens import Tokens
from commerce_events.sandbox.wire import Request, Response

MOST_REQUEST_BYTES = 8_192


class ElasticPathStandIn(OrderBook, StandIn):
    """Starts at once. `now` freezes the store's clock there; without it the clock ticks with the wall."""

    client_id = "sandbox-client"
    client_secret = "sandbox-secret"

    def __init__(self, *, seed: int = 0, orders: int = 0, now: datetime | None = None, port: int = 0) -> None:
        OrderBook.__init__(self, seed=seed, orders=orders, now=now)
        self.habits = Habits()
        self.tokens = Tokens(self.store_clock, self.client_id, self.client_secret)
        self.rate_limit = RateLimit()
        self._currencies = list(map(orjson.dumps, currency_documents(Random(seed))))
        self._tie_dice = Random(seed)
        StandIn.__init__(self, port)

    def now(self) -> datetime:
        return self.clock

    def error(self, status: int) -> Response:
        return failure(status, "Too Many Requests" if status == 429 else "Internal Server Error")

    def answer(self, request: Request) -> Response:
        if request.path == "/oauth/access_token" and request.method == "POST":
            return self.tokens.issue(request)
        if not self.tokens.accept(request):
            return unauthorised()
        if not self.rate_limit.admit():
            return self.error(429)
        if request.head_bytes > MOST_REQUEST_BYTES:
            return failure(414, "Request too large")
        if request.method != "GET":
            return failure(405, "Method not allowed")
        return self._get(request)

    def _get(self, request: Request) -> Response:
        match request.path.strip("/").split("/"):
            case ["v2", "orders"]:
                return self._list(request)
            case ["v2", "orders", order_id, *rest]:
                found = self.entry(order_id)
                return self._part(found, rest, request) if found else not_found("Order")
            case ["v2", "currencies"]:
                return self._list_currencies(request)
            case _:
                return not_found("Resource")

    def _list(self, request: Request) -> Response:
        try:
            question = listing.read_question(request, self.habits, int(self.clock.timestamp()))
        except listing.Refused as refused:
            return refused.response
        asked = (question.filter_text, question.sort, question.filter.created, question.filter.updated)
        selection = self.select(question.filter, question.sort, asked)
        return listing.answer(question, selection, self.habits, self._tie_dice, f"{self.url}/v2/orders")

    def _part(self, entry: Entry, rest: list[str], request: Request) -> Response:
        match rest:
            case []:
                with_items = "items" in request.parameters().get("include", "").split(",")
                included = b',"included":{"items":%b}' % raw_list(entry.items)
                extra = included if with_items and entry.items else b""
                return Response(200, b'{"data":%b%b}' % (entry.body, extra))
            case ["items"]:
                return Response(200, b'{"data":%b}' % raw_list(entry.items))
            case ["transactions"]:
                return Response(200, b'{"data":%b}' % entry.transactions)
            case _:
                return not_found("Resource")

    def _list_currencies(self, request: Request) -> Response:
        try:
            page = listing.read_page(request.parameters())
        except listing.Refused as refused:
            return refused.response
        offset, limit = page["offset"], page["limit"]
        rows = self._currencies[offset : offset + limit]
        return envelope(rows, f"{self.url}/v2/currencies", "", offset, limit, len(self._currencies))
