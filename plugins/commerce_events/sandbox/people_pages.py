"""The store's answers about customers and account members."""

import orjson

from commerce_events.sandbox.answers import document, envelope, member_links, not_found, page_links
from commerce_events.sandbox.listing import Habits, Reader, whole_list
from commerce_events.sandbox.lists import ACCOUNT_MEMBERS, CUSTOMERS
from commerce_events.sandbox.register import PersonRow, Register
from commerce_events.sandbox.wire import Request, Response


class CustomerPages:
    """`/v2/customers`: its list has no links."""

    def __init__(self, register: Register, reader: Reader) -> None:
        self._register = register
        self._reader = reader

    def answer(self, request: Request, rest: list[str]) -> Response:
        if not rest:
            rows, page = self._reader.read(request, CUSTOMERS, self._register.select, "")
            return envelope([row.body for row in rows], page, links=None)
        row = self._register.get(rest[0])
        if row is None:
            return not_found("Customer")
        match rest[1:]:
            case []:
                return Response(200, b'{"data":%b}' % row.body)
            case ["addresses"]:
                return whole_list(request, row.addresses, "", None)
            case _:
                return not_found("Resource")


class MemberPages:
    """`/v2/account-members`: each record has a link to itself, in a list inside and alone beside it."""

    def __init__(self, register: Register, reader: Reader, habits: Habits, url: str) -> None:
        self._register = register
        self._reader = reader
        self._habits = habits
        self._url = url

    def answer(self, request: Request, rest: list[str]) -> Response:
        if not rest:
            rows, page = self._reader.read(request, ACCOUNT_MEMBERS, self._register.select, self._url)
            links = member_links if self._habits.null_as_word else page_links
            return envelope([self._with_link(row) for row in rows], page, links)
        row = self._register.get(rest[0])
        if row is None or rest[1:]:
            return not_found("Account member" if row is None else "Resource")
        return document({"data": row.document(), "links": self._link(row)})

    def _with_link(self, row: PersonRow) -> bytes:
        return orjson.dumps({**row.document(), "links": self._link(row)})

    def _link(self, row: PersonRow) -> dict[str, str]:
        return {"self": f"{self._url}/v2/account-members/{row.id}"}
