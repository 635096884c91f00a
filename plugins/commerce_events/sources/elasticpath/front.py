"""An Elastic Path store as a source of records."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from commerce_events.domain.errors import BadRecordError, ConfigurationError, RejectedError
from commerce_events.domain.records import Page, Record, Reject
from commerce_events.sources.elasticpath.client import ElasticPathClient
from commerce_events.sources.elasticpath.listing import Query, Sorting, by_id
from commerce_events.sources.elasticpath.nodes import Node, stamp
from commerce_events.sources.elasticpath.paging import LIMITS, Limits, Portion
from commerce_events.sources.elasticpath.rejects import UNFORESEEN, reject
from commerce_events.sources.elasticpath.streams import Stream, streams
from commerce_events.sources.source import Rules

DAY = timedelta(days=1)


class ElasticPathSource:
    """Implements `Source`. Threads may share one for `complete` and `read`."""

    def __init__(self, client: ElasticPathClient, rules: Rules, limits: Limits = LIMITS) -> None:
        self._streams = streams(client, rules)
        self._limits = limits

    def changed_since(self, start: datetime, stream: str, after: str | None = None) -> Iterator[Page]:
        reading = self._stream(stream)
        for portion in reading.portions(start, after, self._limits):
            yield _page(reading, portion)

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
        filters = f'lt(created_at,"{stamp(start + DAY)}")' if reading.course.by_time else ""
        oldest = reading.resource.list(Query(filters, Sorting("created_at"), 0, 1))
        return any(row.second is None or row.second < start for row in oldest.rows)

    def _stream(self, name: str) -> Stream:
        if name not in self._streams:
            raise ConfigurationError(
                f"the Elastic Path source reads {', '.join(self._streams)}; it knows no stream {name!r}"
            )
        return self._streams[name]


def _page(stream: Stream, portion: Portion) -> Page:
    read = [_record(stream, row.document, portion.items) for row in portion.rows]
    return Page(
        records=tuple(one for one in read if isinstance(one, Record)),
        rejects=tuple(one for one in read if isinstance(one, Reject)),
        served_at=portion.served_at,
        cursor=portion.cursor,
    )


def _record(stream: Stream, data: Any, included: Mapping[str, Any]) -> Record | Reject:
    items: list[Any] = []
    try:
        items = stream.items(data, included)
        return stream.record(data, items)
    except (BadRecordError, RejectedError, *UNFORESEEN) as error:
        return reject(Node(data)["id"].text() or None, error, {"data": data, "items": items})
