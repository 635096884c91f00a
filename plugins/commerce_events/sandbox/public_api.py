"""A stand-in for Segment's Public API: regulations, suppressions, sources, counts, and an echo."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from commerce_events.sandbox import public_answers as answers
from commerce_events.sandbox.afterlife import Afterlife
from commerce_events.sandbox.clock import StoreClock
from commerce_events.sandbox.http import StandIn
from commerce_events.sandbox.overview import LAG, connected, overview
from commerce_events.sandbox.public_answers import Refused, invalid, limit_headers, many, page_of
from commerce_events.sandbox.rates import Window
from commerce_events.sandbox.regulations import KINDS, Regulation, Regulations, in_full, in_list
from commerce_events.sandbox.segment import SegmentStandIn
from commerce_events.sandbox.wire import Json, Request, Response

DEFAULT_TOKEN = "sandbox-public-api-token"
MOST_SUBJECTS = 5_000
PER_MINUTE = 600
SUBJECT_TYPES = frozenset({"USER_ID", "OBJECT_ID"})


class PublicApiStandIn(StandIn):
    """Starts at once. A Segment given to it drops the messages of whoever is suppressed here."""

    def __init__(
        self,
        segment: SegmentStandIn | None = None,
        *,
        token: str = DEFAULT_TOKEN,
        now: datetime | None = None,
        port: int = 0,
    ) -> None:
        self.token = token
        self.api_clock = segment.segment_clock if segment and now is None else StoreClock(now)
        self.lag = LAG
        self.source_admin = True  # whether the token may see write keys
        self.window = Window(PER_MINUTE)
        self.book = Regulations(self.api_clock, self._suppress)
        self._segment = segment
        self._sources: list[Json] = []
        for key in sorted(segment.write_keys) if segment else ():
            self.add_source(f"Source {len(self._sources) + 1}", key)
        # What tests ask and do, under the names they read best
        self.conclude = self.book.conclude
        self.next_ends = self.book.next_ends
        self.suppressed = self.book.suppressed
        super().__init__(port)

    def now(self) -> datetime:
        return self.api_clock.now()

    def advance(self, seconds: float) -> None:
        self.api_clock.advance(seconds)

    def regulations(self) -> list[Json]:
        """As in the list, latest first."""
        return [in_list(self.book, one) for one in self.book.all()]

    def add_source(self, name: str, *write_keys: str, enabled: bool = True) -> None:
        number = len(self._sources) + 1
        source = {
            "id": f"source-{number}",
            "slug": name.lower().replace(" ", "-"),
            "name": name,
            "workspaceId": "sandbox-workspace",
            "enabled": enabled,
            "writeKeys": list(write_keys),
            "metadata": {"id": "http-api", "name": "HTTP API", "slug": "http-api"},
            "settings": {},
            "labels": [],
        }
        self._sources.append(source)

    def error(self, status: int) -> Response:
        if status == 429:
            return answers.too_many(PER_MINUTE, 0)
        return answers.failure(status, "server", "Internal Server Error", status=status)

    def answer(self, request: Request) -> Response:
        media = answers.version(request)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return answers.failure(401, "unauthorized", "Unauthorized", status=401)
        if media is None:
            return answers.failure(406, "bad-request", "No such version", status=406)
        consumed, seconds = self.window.admit()
        reset = self.now() + timedelta(seconds=seconds)
        left = max(0, self.window.per_minute - consumed)
        limits = limit_headers(consumed, left, reset)
        if consumed > self.window.per_minute:
            return answers.too_many(consumed, seconds, limits)
        try:
            response = self._route(request)
        except Refused as refused:
            response = refused.response
        return Response(response.status, response.body, media, response.headers or limits)

    def _route(self, request: Request) -> Response:
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["regulations"]:
                return self._file(request)
            case "GET", ["regulations"]:
                return self._list_regulations(request)
            case "GET", ["regulations", regulation_id]:
                return self._regulation(regulation_id)
            case "GET", ["suppressions"]:
                ids, pagination = page_of(request, self.book.suppressed())
                suppressed = [{"subjectType": "USER_ID", "subjectIds": list(ids)}] if ids else []
                return answers.data({"suppressed": suppressed, "pagination": pagination})
            case "GET", ["sources"]:
                rows, pagination = page_of(request, self._shown_sources())
                return answers.data({"sources": list(rows), "pagination": pagination})
            case "GET", ["sources", source_id, "connected-destinations"]:
                return self._connected(request, source_id)
            case "GET", ["delivery-overview", stage]:
                return overview(request, stage, self._afterlife, self._sources, self.now(), self.lag)
            case "GET", ["echo"]:
                return self._echo(request)
            case _:
                return answers.not_found("Resource")

    def _file(self, request: Request) -> Response:
        kind, subject_type, subjects = _read(request.body)
        filed = self.book.file(kind, subject_type, subjects)
        used = self.book.most_per_month - self.book.left_this_month()
        ends = answers.month_end(self.now())
        # Beside a regulation these headers count its users, by the month.
        limits = limit_headers(used, self.book.left_this_month(), ends)
        if filed is None:
            return answers.too_many(used, (ends - self.now()).total_seconds(), limits)
        taken = answers.data({"regulateId": filed})
        return Response(200, taken.body, headers=limits)

    def _list_regulations(self, request: Request) -> Response:
        given = request.parameters()
        kinds, status = many(given, "regulationTypes"), given.get("status")
        found = [
            one
            for one in self.regulations()
            if one["regulationType"] in (kinds or KINDS) and one["status"] == (status or one["status"])
        ]
        rows, pagination = page_of(request, found)
        return answers.data({"regulations": list(rows), "pagination": pagination})

    def _regulation(self, regulation_id: str) -> Response:
        found: Regulation | None = next((one for one in self.book.all() if one.id == regulation_id), None)
        if found is None:
            return answers.not_found("Regulation")
        sources = [str(source["id"]) for source in self._sources]
        return answers.data({"regulation": in_full(self.book, found, sources or ["source-1"])})

    @property
    def _afterlife(self) -> Afterlife:
        return self._segment.inbox.afterlife if self._segment else Afterlife()

    def _connected(self, request: Request, source_id: str) -> Response:
        if source_id not in [source["id"] for source in self._sources]:
            return answers.not_found("Source")
        rows, pagination = page_of(request, connected(self._afterlife))
        return answers.data({"destinations": list(rows), "pagination": pagination})

    def _shown_sources(self) -> list[Json]:
        return [{**one, "writeKeys": one["writeKeys"] if self.source_admin else []} for one in self._sources]

    def _echo(self, request: Request) -> Response:
        message = request.parameters().get("message")
        if message is None:
            raise invalid("message", "message is required")
        headers = {"accept": request.headers.get("accept", "")}
        return answers.data({"method": "get", "message": message, "headers": headers})

    def _suppress(self, user_id: str, suppressed: bool) -> None:
        if self._segment:
            (self._segment.suppress if suppressed else self._segment.unsuppress)(user_id)


def _read(body: bytes) -> tuple[str, str, Sequence[str]]:
    """What is asked for; raises `Refused` as the documents' validation does."""
    try:
        asked: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid("body", "the body is not JSON") from error
    asked = asked if isinstance(asked, dict) else {}
    kind, subject_type, subjects = (
        asked.get(name) for name in ("regulationType", "subjectType", "subjectIds")
    )
    if kind not in KINDS:
        raise invalid("regulationType", "regulationType is not one of the types")
    if subject_type not in SUBJECT_TYPES:
        raise invalid("subjectType", "subjectType must be USER_ID or OBJECT_ID")
    if not isinstance(subjects, list) or not 1 <= len(subjects) <= MOST_SUBJECTS:
        raise invalid("subjectIds", f"subjectIds must hold 1 to {MOST_SUBJECTS} ids")
    if not all(isinstance(one, str) and one for one in subjects):
        raise invalid("subjectIds", "every id must be a string")
    return kind, subject_type, subjects
