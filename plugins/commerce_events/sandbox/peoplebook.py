"""The truth about a stand-in store's customers and account members, and the ways to change it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from random import Random

from commerce_events.sandbox import profiles
from commerce_events.sandbox.catalogue import Person, person
from commerce_events.sandbox.clock import StoreClock
from commerce_events.sandbox.happenings import Happening, Watcher, person_happenings
from commerce_events.sandbox.lists import ACCOUNT_MEMBERS, CUSTOMERS
from commerce_events.sandbox.register import Change, Register
from commerce_events.sandbox.wire import Json

KINDS = ("customer", "guest", "account")


class PeopleBook:
    """Thread-safe. Whoever checks out with a login is enrolled here before the order is placed."""

    def __init__(self, *, seed: int, clock: StoreClock) -> None:
        self._now = clock.now
        self._people_dice = Random(f"people of {seed}")
        self._strangers = 0
        self._logins: dict[str, Person] = {}  # everyone ever enrolled, by the id of their login
        self.watchers: list[Watcher] = []  # told of every event, of people and of orders
        self.customer_register = Register(CUSTOMERS, clock, self._watched("customer"))
        self.member_register = Register(ACCOUNT_MEMBERS, clock, self._watched("account-member"))

    # What is true

    def customers(self) -> list[Json]:
        return [row.document() for row in self.customer_register.rows()]

    def customer_ids(self) -> list[str]:
        return [row.id for row in self.customer_register.rows()]

    def customer(self, customer_id: str) -> Json:
        return self.customer_register.known(customer_id).document()

    def addresses(self, customer_id: str) -> list[Json]:
        return self.customer_register.known(customer_id).address_documents()

    def account_members(self) -> list[Json]:
        return [row.document() for row in self.member_register.rows()]

    def account_member_ids(self) -> list[str]:
        return [row.id for row in self.member_register.rows()]

    def account_member(self, member_id: str) -> Json:
        return self.member_register.known(member_id).document()

    # What can happen

    def add_customer(
        self, buyer: Person | None = None, *, at: datetime | None = None, **fields: object
    ) -> str:
        """The record of `buyer`, else of someone new; `fields` are set on it."""
        buyer = buyer or self.stranger("customer")
        document = profiles.customer(self._people_dice, buyer, at or self._now())
        self._logins[buyer.customer_id] = replace(buyer, kind="customer")
        return self.customer_register.put({**document, **fields})

    def edit_customer(self, customer_id: str, **fields: object) -> None:
        self.customer_register.change(customer_id, lambda document: document.update(fields))

    def touch_customer(self, customer_id: str) -> None:
        self.edit_customer(customer_id)

    def anonymise_customer(self, customer_id: str) -> None:
        """The addresses go."""
        self.customer_register.forget_addresses(customer_id)
        self.customer_register.change(customer_id, profiles.anonymise)

    def delete_customer(self, customer_id: str) -> None:
        """Their orders stay, and still name them."""
        self.customer_register.remove(customer_id)

    def add_address(self, customer_id: str, **fields: object) -> None:
        """The customer's own `updated_at` stays where it is."""
        owner = self._logins.get(customer_id) or self.stranger("customer")
        address = profiles.address(self._people_dice, replace(owner, customer_id=customer_id), self._now())
        self.customer_register.add_address(customer_id, {**address, **fields})

    def put_raw_customer(self, document: Json) -> str:
        return self.customer_register.put(document)

    def add_account_member(
        self, buyer: Person | None = None, *, at: datetime | None = None, **fields: object
    ) -> str:
        buyer = buyer or self.stranger("account")
        document = profiles.account_member(self._people_dice, buyer, at or self._now())
        self._logins[buyer.member_id] = replace(buyer, kind="account")
        return self.member_register.put({**document, **fields})

    def edit_account_member(self, member_id: str, **fields: object) -> None:
        self.member_register.change(member_id, lambda document: document.update(fields))

    def anonymise_account_member(self, member_id: str) -> None:
        self.member_register.change(member_id, profiles.anonymise)

    def delete_account_member(self, member_id: str) -> None:
        self.member_register.remove(member_id)

    def put_raw_account_member(self, document: Json) -> str:
        return self.member_register.put(document)

    # At the checkout

    def stranger(self, kind: str) -> Person:
        """Someone the store has not seen."""
        self._strangers += 1
        return person(self._people_dice, 1_000_000 + 4 * self._strangers + KINDS.index(kind))

    def log_in(self, buyer: Person) -> Person:
        """With the name and e-mail of their record; who has none yet gets one, who lost it is a guest."""
        if buyer.kind == "guest":
            return buyer
        owner = buyer.customer_id if buyer.kind == "customer" else buyer.member_id
        if owner not in self._logins:
            (self.add_customer if buyer.kind == "customer" else self.add_account_member)(buyer)
        register = self.customer_register if buyer.kind == "customer" else self.member_register
        row = register.get(owner)
        record = row.document() if row else {}
        if not record.get("email") or record["email"] == profiles.STARS:
            return replace(buyer, kind="guest")
        return replace(buyer, name=record.get("name") or buyer.name, email=record["email"])

    def owner(self, login_id: str) -> Person:
        """Whose customer or member id it is; raises `KeyError`."""
        return self._logins[login_id]

    # Who is told

    def _watched(self, kind: str) -> Change:
        return lambda before, after: self._tell(person_happenings(kind, before, after))

    def _tell(self, happenings: Iterable[Happening]) -> None:
        if self.watchers:
            for happening in happenings:
                for watcher in self.watchers:
                    watcher(happening)
