"""A stand-in for an Elastic Path store: its HTTP face. What can be done to it is in `orderbook` and
`peoplebook`."""

from datetime import datetime
from random import Random

import orjson

from commerce_events.sandbox.announcing import Announcer
from commerce_events.sandbox.answers import (
    envelope,
    failure,
    not_found,
    page_links,
    raw_list,
    unauthorised,
)
from commerce_events.sandbox.catalogue import currency_documents
from commerce_events.sandbox.entries import Entry
from commerce_events.sandbox.http import StandIn
from commerce_events.sandbox.integration_pages import IntegrationPages
from commerce_events.sandbox.integrations import Integrations
from commerce_events.sandbox.listing import Habits, Reader, Refused, included, wants_items, whole_list
from commerce_events.sandbox.lists import ORDERS
from commerce_events.sandbox.orderbook import OrderBook
from commerce_events.sandbox.people_pages import CustomerPages, MemberPages
from commerce_events.sandbox.rates import RateLimit
from commerce_events.sandbox.tokens import Tokens
from commerce_events.sandbox.wire import Request, Response

MOST_REQUEST_BYTES = 8_192


class ElasticPathStandIn(OrderBook, StandIn):
    """Starts at once. `now` freezes the store's clock there; without it the clock ticks with the wall."""

    client_id = "sandbox-client"
    client_secret = "sandbox-secret"

    def __init__(
        self,
        *,
        seed: int = 0,
        orders: int = 0,
        customers: int = 0,
        members: int = 0,
        now: datetime | None = None,
        port: int = 0,
    ) -> None:
        """`customers` and `members` never ordered; beside them are those who did."""
        OrderBook.__init__(self, seed=seed, orders=orders, customers=customers, members=members, now=now)
        self.habits = Habits()
        self.tokens = Tokens(self.store_clock, self.client_id, self.client_secret)
        self.rate_limit = RateLimit()
        self._currencies = list(map(orjson.dumps, currency_documents(Random(seed))))
        StandIn.__init__(self, port)
        self._reader = Reader(self.habits, self.store_clock, seed)
        self._customer_pages = CustomerPages(self.customer_register, self._reader)
        self._member_pages = MemberPages(self.member_register, self._reader, self.habits, self.url)
        self.integrations = Integrations(self.store_clock, seed)
        self.announcer = Announcer(self.integrations, seed)
        self.watchers.append(self.announcer.tell)
        self._integration_pages = IntegrationPages(self.integrations, self.url)

    def now(self) -> datetime:
        return self.clock

    def close(self) -> None:
        self.announcer.close()
        StandIn.close(self)

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
        try:
            if request.path.startswith("/v2/integrations"):
                return self._integration_pages.answer(request, request.path.strip("/").split("/")[2:])
            if request.method != "GET":
                return failure(405, "Method not allowed")
            return self._get(request)
        except Refused as refused:
            return refused.response

    def _get(self, request: Request) -> Response:
        match request.path.strip("/").split("/"):
            case ["v2", "orders"]:
                return self._list(request)
            case ["v2", "orders", order_id, *rest]:
                found = self.entry(order_id)
                return self._part(found, rest, request) if found else not_found("Order")
            case ["v2", "customers", *rest]:
                return self._customer_pages.answer(request, rest)
            case ["v2", "account-members", *rest]:
                return self._member_pages.answer(request, rest)
            case ["v2", "currencies"]:
                return self._list_currencies(request)
            case _:
                return not_found("Resource")

    def _list(self, request: Request) -> Response:
        rules = ORDERS.with_sort("updated_at") if self.habits.sort_by_updated_at else ORDERS
        rows, page = self._reader.read(request, rules, self.select, self.url)
        items = included(rows, self.habits.max_included) if wants_items(request) else b""
        return envelope([row.body for row in rows], page, page_links, items)

    def _part(self, entry: Entry, rest: list[str], request: Request) -> Response:
        match rest:
            case []:
                shown = b',"included":{"items":%b}' % raw_list(entry.items)
                extra = shown if wants_items(request) and entry.items else b""
                return Response(200, b'{"data":%b%b}' % (entry.body, extra))
            case ["items"]:
                return Response(200, b'{"data":%b}' % raw_list(entry.items))
            case ["transactions"]:
                return Response(200, b'{"data":%b}' % entry.transactions)
            case _:
                return not_found("Resource")

    def _list_currencies(self, request: Request) -> Response:
        return whole_list(request, self._currencies, self.url, page_links)
