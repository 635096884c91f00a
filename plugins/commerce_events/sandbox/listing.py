"""`GET /v2/orders`: from a query to a page of orders and their items."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from commerce_events.sandbox.answers import bad_filter, bad_request, envelope, failure, raw_list
from commerce_events.sandbox.entries import Entry
from commerce_events.sandbox.filters import BadFilter, Filter, Span, parse
from commerce_events.sandbox.shelf import Selection
from commerce_events.sandbox.wire import Request, Response

DEFAULT_LIMIT, MOST = 25, 100
WALL = 10_000
SORT_KEYS = ("created_at", "payment", "shipping", "status", "with_tax")
# The default order is said to be `-updated_at`; sorting by it upwards is documented nowhere.
ALLOWED_SORTS = frozenset(SORT_KEYS) | {f"-{key}" for key in SORT_KEYS} | {"-updated_at"}


@dataclass(slots=True)
class Habits:
    """How this store behaves where the documents leave room; a test may change them at any time."""

    stable_ties: bool = False  # rows of equal sort keys keep their order between requests
    sort_by_updated_at: bool = False  # `sort=updated_at` is served
    day_granularity: bool = False  # time filters honour only the day
    max_included: int | None = None  # items past so many are left out of `included`
    lag_seconds: int = 0  # what changed so recently is not in lists yet


class Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True, slots=True)
class Question:
    filter_text: str
    filter: Filter
    sort: str
    offset: int
    limit: int
    with_items: bool


def read_question(request: Request, habits: Habits, now: int) -> Question:
    """Raises `Refused` with the store's answer."""
    given = request.parameters()
    sort = given.get("sort") or "-updated_at"
    if sort not in ALLOWED_SORTS and not (sort == "updated_at" and habits.sort_by_updated_at):
        raise Refused(bad_request("Invalid sort attribute"))
    text = given.get("filter", "")
    return Question(
        filter_text=text,
        filter=_filter(text, habits, now),
        sort=sort,
        **read_page(given),
        with_items="items" in given.get("include", "").split(","),
    )


def _filter(text: str, habits: Habits, now: int) -> Filter:
    try:
        wanted = parse(text, only_days=habits.day_granularity)
    except BadFilter as error:
        raise Refused(bad_filter()) from error
    if not habits.lag_seconds:
        return wanted
    seen = Span(high=now - habits.lag_seconds + 1)
    return Filter(wanted.created, wanted.updated & seen, wanted.tests)


def read_page(given: dict[str, str]) -> dict[str, int]:
    try:
        limit = int(given.get("page[limit]", DEFAULT_LIMIT))
        offset = int(given.get("page[offset]", 0))
    except ValueError as error:
        raise Refused(bad_request("Page limit and offset must be integers")) from error
    if not 1 <= limit <= MOST or offset < 0:
        raise Refused(failure(400, "Bad Request", detail="page[limit] must be between 1 and 100"))
    if offset + limit > WALL:
        raise Refused(failure(400, "Bad Request", detail="page[offset] must not pass 10000 records"))
    return {"limit": limit, "offset": offset}


def answer(question: Question, selection: Selection, habits: Habits, dice: Random, url: str) -> Response:
    rows = selection.page(question.offset, question.limit, None if habits.stable_ties else dice)
    included = _included(rows, habits.max_included) if question.with_items else b""
    return envelope(
        [row.body for row in rows],
        url,
        question.filter_text,
        question.offset,
        question.limit,
        len(selection.rows),
        included,
    )


def _included(rows: Sequence[Entry], most: int | None) -> bytes:
    """One flat array for the whole page; without any item there is no `included` at all."""
    items = [item for row in rows for item in row.items][:most]
    return b'"included":{"items":' + raw_list(items) + b"}," if items else b""
