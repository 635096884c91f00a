"""An Elastic Path store as a source of records."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from commerce_events.domain.errors import BadRecordError, ConfigurationError, RejectedError, TransientError
from commerce_events.domain.records import Page, Record, Reject
from commerce_events.sources.ahead import ahead
from commerce_events.sources.elasticpath.client import ElasticPathClient
from commerce_events.sources.elasticpath.listing import Listing, Query, Row, Sorting, by_id
from commerce_events.sources.elasticpath.nodes import Node
from commerce_events.sources.elasticpath.paging import LIMITS, Limits, Portion
from commerce_events.sources.elasticpath.rejects import UNFORESEEN, reject
from commerce_events.sources.elasticpath.span import DAY, Span, at_least, before, first_of_day
from commerce_events.sources.elasticpath.streams import Stream, streams
from commerce_events.sources.source import Rules

# Answers on their way or waiting, so that a slow store is no slower: as many as are recorded at once.
AHEAD = 8

SECOND = timedelta(seconds=1)
CREATED = "created_at"


class ElasticPathSource:
    """Implements `Source`. Threads may share one for `complete` and `read`."""

    def __init__(self, client: ElasticPathClient, rules: Rules, limits: Limits = LIMITS) -> None:
        self._streams = streams(client, rules)
        self._limits = limits

    def changed_since(self, start: datetime, stream: str, after: str | None = None) -> Iterator[Page]:
        return self._pages(stream, Span.changed_since(start), after)

    def created_between(
        self, start: datetime, end: datetime, stream: str, after: str | None = None
    ) -> Iterator[Page]:
        return self._pages(stream, Span.created_between(start, end), after)

    def completes(self, stream: str) -> bool:
        return self._stream(stream).completes

    def is_complete(self, record: Record) -> bool:
        return self._stream(record.stream).is_complete(record)

    def complete(self, record: Record) -> Record | Reject:
        try:
            return self._stream(record.stream).complete(record)
        except (BadRecordError, RejectedError) as error:
            return reject(record.id, error, dict(record.document))

    def read(self, stream: str, record_id: str) -> Record | Reject:
        reading = self._stream(stream)
        try:
            body = reading.resource.read(record_id)
        except RejectedError as error:
            return reject(record_id, error, {})
        record = _record(reading, body.get("data"), by_id(body.get("included")))
        return self.complete(record) if isinstance(record, Record) else record

    def anything_before(self, start: datetime, stream: str) -> bool:
        """The oldest record tells. One that does not tell its time may well be older."""
        reading = self._stream(stream)
        # Orders must be filtered by something; a day more, for stores that filter by the day.
        filters = before(CREATED, start + DAY) if reading.course.by_time else ""
        oldest = _first(reading, filters)
        return any(row.second is None or row.second < start for row in oldest.rows)

    def count(self, stream: str, start: datetime, end: datetime, **where: str) -> int | None:
        reading = self._stream(stream)
        if not reading.course.by_time:
            return None
        equal = (f"eq({attribute},{value})" for attribute, value in where.items())
        found = _first(reading, ":".join((at_least(CREATED, start), before(CREATED, end), *equal)))
        if found.total is None:
            raise TransientError(f"{reading.course.label}: the store does not say how many there are")
        return found.total

    def filters_by_second(self, stream: str, at: datetime) -> bool:
        """Asked for what follows the day's first record, a store that honours only the day shows it again."""
        reading, day = self._stream(stream), first_of_day(at)
        first = _first(reading, f"{at_least(CREATED, day)}:{before(CREATED, day + DAY)}").last_second
        if first is None:
            return True
        later = _first(reading, at_least(CREATED, first + SECOND)).last_second
        return later is None or later > first

    def _pages(self, stream: str, span: Span, after: str | None) -> Iterator[Page]:
        reading = self._stream(stream)
        for portion in ahead(reading.portions(span, after, self._limits), AHEAD):
            yield _page(reading, portion)

    def _stream(self, name: str) -> Stream:
        if name not in self._streams:
            raise ConfigurationError(
                f"the Elastic Path source reads {', '.join(self._streams)}; it knows no stream {name!r}"
            )
        return self._streams[name]


def _first(stream: Stream, filters: str) -> Listing:
    """The oldest record that the filters let through, and how many they do."""
    return stream.resource.list(Query(filters, Sorting(CREATED), 0, 1))


def _page(stream: Stream, portion: Portion) -> Page:
    read = [_read(stream, row, portion.items) for row in portion.rows]
    return Page(
        records=tuple(one for one in read if isinstance(one, Record)),
        rejects=tuple(one for one in read if isinstance(one, Reject)),
        served_at=portion.served_at,
        cursor=portion.cursor,
    )


def _read(stream: Stream, row: Row, included: Mapping[str, Any]) -> Record | Reject:
    try:
        document = row.document
    except ValueError as error:  # the list around it could be read
        return reject(Node(row.piece.head)["id"].key(), error, {})
    return _record(stream, document, included)


def _record(stream: Stream, data: Any, included: Mapping[str, Any]) -> Record | Reject:
    items: list[Any] = []
    try:
        items = stream.items(data, included)
        return stream.record(data, items)
    except (BadRecordError, RejectedError, *UNFORESEEN) as error:
        return reject(Node(data)["id"].key(), error, {"data": data, "items": items})
