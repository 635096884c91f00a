"""The store's answers: errors with the documented bodies, and the envelope of a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from commerce_events.sandbox.wire import Json, Response


def document(body: Any, status: int = 200) -> Response:
    return Response(status, orjson.dumps(body))


def failure(status: int, title: str, **more: object) -> Response:
    return document({"errors": [{"status": status, "title": title, **more}]}, status)


def bad_request(detail: str) -> Response:
    """What a filter or a sort that cannot be served gets: no `status` in the body."""
    return document({"errors": [{"title": "Bad Request", "detail": detail}]}, 400)


def bad_filter() -> Response:
    return bad_request("Could not parse the supplied filter")


def bad_token_request(status: int, title: str) -> Response:
    """The token endpoint prints `status` as a string."""
    return document({"errors": [{"status": str(status), "title": title}]}, status)


def unauthorised() -> Response:
    return failure(401, "Unable to validate access token")


def not_found(what: str) -> Response:
    title = f"{what} not found"
    return failure(404, title, detail=f"The requested {what.lower()} could not be found")


def raw_list(documents: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(documents) + b"]"


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of how many, and how a list of them is asked for again."""

    offset: int
    limit: int
    total: int
    url: str = ""
    query: str = ""  # what links carry beside the page: the filter, and neither sort nor include


def envelope(
    data: Sequence[bytes], page: Page, links: Callable[[Page], Json] | None, included: bytes = b""
) -> Response:
    """Without `links` there are none: not every list of the store has them."""
    meta = {
        "page": {
            "limit": page.limit,
            "offset": page.offset,
            "current": page.offset // page.limit + 1,
            "total": -(-page.total // page.limit),
        },
        "results": {"total": page.total},
    }
    linked = b'"links":%b,' % orjson.dumps(links(page)) if links else b""
    return Response(
        200, b'{"data":%b,%b%b"meta":%b}' % (raw_list(data), included, linked, orjson.dumps(meta))
    )


def page_links(page: Page) -> Json:
    """As in the documents' sample, `prev` of the first page is the first page itself."""
    last = max(0, (page.total - 1) // page.limit * page.limit)
    after = page.offset + page.limit
    return {
        "current": _link(page, page.offset),
        "first": _link(page, 0),
        "last": _link(page, last),
        "prev": _link(page, max(0, page.offset - page.limit)),
        "next": _link(page, after) if after < page.total else None,
    }


def member_links(page: Page) -> Json:
    """As in the documents' sample of account members: where no page is, the word "null" stands."""
    links = page_links(page)
    before = links["prev"] if page.offset else "null"
    return {**links, "prev": before, "next": links["next"] or "null"}


def _link(page: Page, start: int) -> str:
    return f"{page.url}?page[offset]={start}&page[limit]={page.limit}&filter={quote(page.query)}"
