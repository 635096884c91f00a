"""The store's answers: errors with the documented bodies, and the envelope of a list."""

from collections.abc import Sequence
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


def envelope(
    data: Sequence[bytes], url: str, query: str, offset: int, limit: int, total: int, included: bytes = b""
) -> Response:
    """`query` is what the links carry beside the page: the filter, and neither sort nor include."""
    pages = -(-total // limit)
    meta = {
        "page": {"limit": limit, "offset": offset, "current": offset // limit + 1, "total": pages},
        "results": {"total": total},
    }
    links = _links(url, query, offset, limit, total)
    body = b'{"data":%b,%b"links":%b,"meta":%b}'
    return Response(200, body % (raw_list(data), included, orjson.dumps(links), orjson.dumps(meta)))


def _links(url: str, query: str, offset: int, limit: int, total: int) -> Json:
    """As in the documents' sample, `prev` of the first page is the first page itself."""

    def page(start: int) -> str:
        return f"{url}?page[offset]={start}&page[limit]={limit}&filter={quote(query)}"

    last = max(0, (total - 1) // limit * limit)
    return {
        "current": page(offset),
        "first": page(0),
        "last": page(last),
        "prev": page(max(0, offset - limit)),
        "next": page(offset + limit) if offset + limit < total else None,
    }
