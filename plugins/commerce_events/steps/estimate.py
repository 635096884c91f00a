"""Estimate: how many messages and requests a backfill comes to, and how long it takes at the rates set."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil

from commerce_events.config import Store
from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Estimate, Wish
from commerce_events.domain.windows import Window
from commerce_events.sources.source import Source

ORDERS = "orders"
PAGE = 99  # new records of a page: each begins with the last one of the page before
AUTHORIZED_OR_LATER = ("authorized", "paid", "refunded")
PAID_OR_LATER = ("paid", "refunded")


@dataclass(frozen=True, slots=True)
class Rates:
    """What a store, and the slowest destination, may be asked for in a second by all together."""

    requests: float
    events: float

    def share(self, part: float) -> "Rates":
        return replace(self, requests=self.requests * part, events=self.events * part)

    def records(self, tally: "Tally", settings: Store) -> float:
        """Records read in a second: the list shows many at once, transactions cost a request each."""
        orders = tally.of(ORDERS) or 0
        each = tally.orders(payment=settings.payments_with_transactions()) / orders if orders else 0.0
        return self.requests / (each + 1 / PAGE)


@dataclass(slots=True)
class Tally:
    """The store's counts of one span; each is asked for once."""

    source: Source
    start: datetime
    end: datetime
    _known: dict[tuple[str, str, str], int | None] = field(default_factory=dict)

    def of(self, stream: str) -> int | None:
        """None where the store cannot say."""
        return self._ask(stream, "", "")

    def orders(self, **where: Iterable[str]) -> int:
        """Orders with one of these values of one attribute."""
        return sum(self._ask(ORDERS, name, one) or 0 for name, values in where.items() for one in values)

    def _ask(self, stream: str, attribute: str, value: str) -> int | None:
        key = (stream, attribute, value)
        if key not in self._known:
            where = {attribute: value} if attribute else {}
            self._known[key] = self.source.count(stream, self.start, self.end, **where)
        return self._known[key]


def estimated(settings: Store, wish: Wish, tally: Tally, windows: Iterable[Window], rates: Rates) -> Estimate:
    """Updates, partial refunds, and people whom no window brings are not counted: no store tells how many."""
    streams = {stream: tally.of(stream) or 0 for stream in wish.streams}
    messages = _people(settings, streams) + (_orders(settings, tally) if ORDERS in streams else 0)
    requests = sum(max(1, ceil((one.counted or 0) / PAGE)) for one in windows)
    if ORDERS in streams:
        requests += tally.orders(payment=settings.payments_with_transactions())
    seconds = max(requests / rates.requests, messages / rates.events)
    return Estimate(messages * len(settings.destinations), requests, ceil(seconds))


def _people(settings: Store, streams: dict[str, int]) -> int:
    told = settings.tracking(Kind.CUSTOMER_CREATED).enabled
    return sum(count for stream, count in streams.items() if stream != ORDERS) if told else 0


def _orders(settings: Store, tally: Tally) -> int:
    counts: dict[Kind, Callable[[], int]] = {
        Kind.CHECKOUT_STARTED: lambda: _started(settings, tally),
        Kind.ORDER_COMPLETED: lambda: _completed(settings, tally),
        Kind.ORDER_REFUNDED: lambda: tally.orders(payment=["refunded"]),
        Kind.ORDER_CANCELLED: lambda: tally.orders(status=["cancelled"]),
    }
    return sum(count() for kind, count in counts.items() if settings.tracking(kind).enabled)


def _started(settings: Store, tally: Tally) -> int:
    if settings.tracking(Kind.CHECKOUT_STARTED).trigger == "order.created":
        return tally.of(ORDERS) or 0
    return tally.orders(payment=AUTHORIZED_OR_LATER)


def _completed(settings: Store, tally: Tally) -> int:
    match settings.tracking(Kind.ORDER_COMPLETED).trigger:
        case "order.fulfilled":
            return tally.orders(shipping=["fulfilled"])
        case "order.authorized":
            return tally.orders(payment=AUTHORIZED_OR_LATER)
    return tally.orders(payment=PAID_OR_LATER)
