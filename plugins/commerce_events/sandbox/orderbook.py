"""The truth about a stand-in store's orders, and the ways to change it while someone reads."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from threading import RLock

from commerce_events.sandbox import life
from commerce_events.sandbox.carts import Cart, fill
from commerce_events.sandbox.catalogue import ENABLED, Person, people, products
from commerce_events.sandbox.clock import StoreClock
from commerce_events.sandbox.enrolling import enrol_buyers, enrol_visitors
from commerce_events.sandbox.entries import SORTS, Entry, entry, values
from commerce_events.sandbox.filters import Filter
from commerce_events.sandbox.happenings import order_happenings
from commerce_events.sandbox.lines import Line
from commerce_events.sandbox.orders import Held, check_out
from commerce_events.sandbox.peoplebook import KINDS, PeopleBook
from commerce_events.sandbox.seeding import seeded_orders, take
from commerce_events.sandbox.shelf import Selection, Shelf
from commerce_events.sandbox.wire import Json


class OrderBook(PeopleBook):
    """Thread-safe; every change takes the store's present time as its `updated_at`."""

    def __init__(
        self, *, seed: int, orders: int, customers: int = 0, members: int = 0, now: datetime | None
    ) -> None:
        self.store_clock = StoreClock(now)
        PeopleBook.__init__(self, seed=seed, clock=self.store_clock)
        self._dice = Random(seed)
        self._lock = RLock()
        self._shelf: Shelf[Entry] = Shelf(values, SORTS)
        self._number = 0
        self.products = products(self._dice)
        self.people = people(self._dice, max(12, orders // 3))
        placed = seeded_orders(self._dice, orders, self.products, self.people, self.clock)
        enrol_buyers(self, Random(seed), self.people, map(self._filed, placed), self.clock)
        enrol_visitors(self, Random(seed), customers or orders // 15, members or orders // 30, self.clock)

    @property
    def clock(self) -> datetime:
        return self.store_clock.now()

    @clock.setter
    def clock(self, at: datetime) -> None:
        self.store_clock.set(at)

    def advance(self, seconds: float) -> None:
        self.store_clock.advance(seconds)

    # What is true

    def orders(self) -> list[Json]:
        with self._lock:
            return [one.document() for one in self._shelf.all()]

    def order_ids(self) -> list[str]:
        with self._lock:
            return [one.id for one in self._shelf.all()]

    def order(self, order_id: str) -> Json:
        return self._known(order_id).document()

    def items(self, order_id: str) -> list[Json]:
        return self._known(order_id).lines()

    def transactions(self, order_id: str) -> list[Json]:
        return self._known(order_id).held().transactions

    def entry(self, order_id: str) -> Entry | None:
        with self._lock:
            return self._shelf.get(order_id)

    def select(self, wanted: Filter, sort: str, asked: object) -> Selection[Entry]:
        with self._lock:
            return self._shelf.select(wanted, sort, asked)

    # What can happen

    def place_order(
        self,
        *,
        buyer: str | Person | None = None,
        currency: str | None = None,
        lines: tuple[Line, ...] | None = None,
        shipping: int = 0,
        **fields: object,
    ) -> str:
        """`buyer` is a person, the id of a customer or account member, or one of guest, customer, account
        for someone new; `fields` are set on the order itself.

        Without `lines` the cart is filled by chance; `shipping` belongs to a cart with given lines.
        """
        with self._lock:
            currency = currency or self._dice.choice(ENABLED)
            filled = fill(self._dice, self.products, currency)
            cart = filled if lines is None else Cart(currency, lines, shipping)
            held = check_out(self._dice, cart, self._buyer(buyer), self.clock)
            held.document |= fields
            return self._file(held)

    def authorise(self, order_id: str, amount: int | None = None) -> None:
        self._change(order_id, lambda held: life.authorise(self._dice, held, self.clock, amount))

    def pay(self, order_id: str, amount: int | None = None) -> None:
        """Captures what is authorised and purchases the rest; with an amount, only that part."""
        self._change(order_id, lambda held: life.pay(self._dice, held, self.clock, amount))

    capture = pay

    def fail_payment(self, order_id: str) -> None:
        self._change(order_id, lambda held: life.fail_payment(self._dice, held, self.clock))

    def fulfil(self, order_id: str) -> None:
        self._change(order_id, lambda held: life.fulfil(held, self.clock))

    def refund(self, order_id: str, amount: int | None = None) -> None:
        self._change(order_id, lambda held: life.refund(held, self.clock, amount))

    def cancel(self, order_id: str) -> None:
        self._change(order_id, lambda held: life.cancel(held, self.clock))

    def reopen(self, order_id: str) -> None:
        self._change(order_id, lambda held: life.reopen(held, self.clock))

    def edit(self, order_id: str, **fields: object) -> None:
        self._change(order_id, lambda held: life.edit(held, self.clock, **fields))

    def touch(self, order_id: str) -> None:
        self._change(order_id, lambda held: life.touch(held, self.clock))

    def anonymise(self, order_id: str) -> None:
        self._change(order_id, lambda held: life.anonymise(held, self.clock))

    def take_step(self, order_id: str, step: str) -> None:
        """A step by its name, as in `seeding.PATHS`."""
        self._change(order_id, lambda held: take(self._dice, held, step, self.clock))

    def put_raw(
        self, document: Json, items: list[Json] | None = None, transactions: list[Json] | None = None
    ) -> str:
        """A record as given, however broken; answers the key it is filed under."""
        return self._file(Held(document, items or [], transactions or []))

    def _buyer(self, buyer: str | Person | None) -> Person:
        if buyer is None:
            buyer = self._dice.choice(self.people)
        elif buyer in KINDS:
            buyer = self.stranger(buyer)
        elif isinstance(buyer, str):
            buyer = self.owner(buyer)
        return self.log_in(buyer)

    def _known(self, order_id: str) -> Entry:
        found = self.entry(order_id)
        if found is None:
            raise KeyError(order_id)
        return found

    def _change(self, order_id: str, change: Callable[[Held], None]) -> None:
        with self._lock:
            before = self._known(order_id)
            held = before.held()
            change(held)
            self._shelf.put(entry(held, before.number, self.clock))
            if self.watchers:
                self._tell(order_happenings(before.held(), held))

    def _filed(self, held: Held) -> Held:
        self._file(held)
        return held

    def _file(self, held: Held) -> str:
        with self._lock:
            self._number += 1
            filed = entry(held, self._number, self.clock)
            self._shelf.put(filed)
            if self.watchers:
                self._tell(order_happenings(None, held))
            return filed.id
