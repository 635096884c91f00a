"""A list of the store: from a query to a page of its records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from commerce_events.sandbox.answers import Page, bad_filter, bad_request, envelope, failure, raw_list
from commerce_events.sandbox.clock import StoreClock
from commerce_events.sandbox.entries import Entry
from commerce_events.sandbox.filters import BadFilter, Filter, Span, parse
from commerce_events.sandbox.lists import Rules
from commerce_events.sandbox.shelf import R, Selection
from commerce_events.sandbox.wire import Json, Request, Response

DEFAULT_LIMIT, MOST = 25, 100
WALL = 10_000


@dataclass(slots=True)
class Habits:
    """How this store behaves where the documents leave room; a test may change them at any time."""

    stable_ties: bool = False  # rows of equal sort keys keep their order between requests
    sort_by_updated_at: bool = False  # `sort=updated_at` is served for orders
    day_granularity: bool = False  # time filters honour only the day
    max_included: int | None = None  # items past so many are left out of `included`
    lag_seconds: int = 0  # what changed so recently is not in lists yet
    null_as_word: bool = True  # the links of account members say "null" where no page is


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

    @property
    def asked(self) -> object:
        """Questions of the same name have the same rows."""
        return self.filter_text, self.sort, self.filter.created, self.filter.updated


class Reader:
    """Reads pages the way this store does."""

    def __init__(self, habits: Habits, clock: StoreClock, seed: int) -> None:
        self._habits = habits
        self._clock = clock
        self._tie_dice = Random(seed)

    def read(
        self, request: Request, rules: Rules, select: Callable[[Filter, str, object], Selection[R]], url: str
    ) -> tuple[Sequence[R], Page]:
        """Raises `Refused` with the store's answer."""
        question = read_question(request, rules, self._habits, int(self._clock.now().timestamp()))
        selection = select(question.filter, question.sort, question.asked)
        dice = None if self._habits.stable_ties else self._tie_dice
        rows = selection.page(question.offset, question.limit, dice)
        total = len(selection.rows)
        return rows, Page(question.offset, question.limit, total, url + request.path, question.filter_text)


def read_question(request: Request, rules: Rules, habits: Habits, now: int) -> Question:
    given = request.parameters()
    sort = given.get("sort") or rules.default_sort
    if sort not in rules.sorts:
        raise Refused(bad_request("Invalid sort attribute"))
    text = given.get("filter", "")
    return Question(
        filter_text=text,
        filter=_filter(text, rules, habits, now),
        sort=sort,
        **read_page(given),
    )


def _filter(text: str, rules: Rules, habits: Habits, now: int) -> Filter:
    try:
        wanted = parse(text, rules, only_days=habits.day_granularity)
    except BadFilter as error:
        raise Refused(bad_filter()) from error
    if not habits.lag_seconds:
        return wanted
    seen = Span(high=now - habits.lag_seconds + 1)
    return Filter(wanted.created, wanted.updated & seen, wanted.tests)


def whole_list(
    request: Request, documents: Sequence[bytes], url: str, links: Callable[[Page], Json] | None
) -> Response:
    """A page of a list that can be neither filtered nor sorted. Raises `Refused`."""
    asked = read_page(request.parameters())
    page = Page(asked["offset"], asked["limit"], len(documents), url + request.path)
    return envelope(documents[page.offset : page.offset + page.limit], page, links)


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


def wants_items(request: Request) -> bool:
    return "items" in request.parameters().get("include", "").split(",")


def included(rows: Sequence[Entry], most: int | None) -> bytes:
    """One flat array for the whole page; without any item there is no `included` at all."""
    items = [item for row in rows for item in row.items][:most]
    return b'"included":{"items":' + raw_list(items) + b"}," if items else b""
