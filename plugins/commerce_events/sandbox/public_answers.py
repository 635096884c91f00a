"""How Segment's Public API answers: wrapped data, its errors, and pages behind opaque cursors."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson

from commerce_events.sandbox.wire import JSON, Json, Request, Response

VERSIONS = ("application/vnd.segment.v1+json", "application/vnd.segment.v1beta+json", JSON)
MOST_ROWS = 200  # one page of the documents says 1,000, an older one 200


class Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def data(body: object) -> Response:
    return Response(200, orjson.dumps({"data": body}))


def failure(code: int, kind: str, message: str, **more: object) -> Response:
    return Response(code, orjson.dumps({"errors": [{"type": kind, "message": message, **more}]}))


def invalid(field: str, message: str) -> Refused:
    return Refused(failure(422, "validation", message, field=field, status=422))


def not_found(what: str) -> Response:
    return failure(404, "not-found", f"{what} not found", status=404)


def too_many(consumed: int, wait: float, limits: tuple[tuple[str, str], ...] = ()) -> Response:
    """`wait` is in seconds; the header says whole ones, the body milliseconds."""
    points = {"remainingPoints": 0, "msBeforeNext": int(wait * 1_000), "consumedPoints": consumed}
    refused = failure(429, "RequestError", "Too many requests", data=points)
    retry = ("Retry-After", str(max(1, -(-int(wait * 1_000) // 1_000))))
    return Response(429, refused.body, JSON, (retry, *limits))


def limit_headers(consumed: int, remaining: int, reset: datetime) -> tuple[tuple[str, str], ...]:
    return (
        ("X-RateLimit-Consumed", str(consumed)),
        ("X-RateLimit-Remaining", str(remaining)),
        ("X-RateLimit-Reset", format_datetime(reset, usegmt=True)),
    )


def version(request: Request) -> str | None:
    """The media type of the answer; None for a version that does not exist."""
    accepted = [one.split(";")[0].strip() for one in request.headers.get("accept", "*/*").split(",")]
    return next((one for one in VERSIONS if one in accepted), JSON if "*/*" in accepted else None)


def many(parameters: Json, name: str) -> list[str]:
    """A list in the documents' spelling: name.0=..., name.1=..."""
    return [value for key, value in sorted(parameters.items()) if key.rpartition(".")[0] == name]


def page_of(request: Request, rows: Sequence[Any]) -> tuple[Sequence[Any], Json]:
    """The rows asked for, and the `pagination` that goes with them."""
    given = request.parameters()
    count = given.get("pagination.count", "")
    if not count.isdigit() or not 1 <= int(count) <= MOST_ROWS:
        raise invalid("pagination.count", f"pagination.count must be between 1 and {MOST_ROWS}")
    start, size = _offset(given.get("pagination.cursor")), int(count)
    pagination: Json = {"current": _cursor(start), "totalEntries": len(rows)}
    if start + size < len(rows):
        pagination["next"] = _cursor(start + size)
    if start:
        pagination["previous"] = _cursor(max(0, start - size))
    return rows[start : start + size], pagination


def _cursor(offset: int) -> str:
    return urlsafe_b64encode(f"at {offset}".encode()).decode()


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        word, _, offset = urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        if word == "at" and offset.isdigit():
            return int(offset)
    except ValueError:
        pass
    raise invalid("pagination.cursor", "pagination.cursor is not one of ours")


def month_end(now: datetime) -> datetime:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
