"""An Elastic Path store as a source of records."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson

from commerce_events.domain.errors import BadRecordError, ConfigurationError, RejectedError
from commerce_events.domain.records import Page, Record, Reject
from commerce_events.sources.elasticpath.answers import NotFoundError
from commerce_events.sources.elasticpath.client import ElasticPathClient
from commerce_events.sources.elasticpath.currencies import Currencies
from commerce_events.sources.elasticpath.documents import without_secrets
from commerce_events.sources.elasticpath.listing import Listing, Row
from commerce_events.sources.elasticpath.nodes import Node
from commerce_events.sources.elasticpath.orders import order_record
from commerce_events.sources.elasticpath.paging import LIMITS, Limits, Portion, Walk
from commerce_events.sources.elasticpath.transactions import with_transactions
from commerce_events.sources.source import Rules

ORDERS = "/v2/orders"

# What a document of an unforeseen shape can raise in the translation. It costs that record, not its page.
UNFORESEEN = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)


class ElasticPathSource:
    """Implements `Source`. Threads may share one for `complete` and `read`."""

    def __init__(self, client: ElasticPathClient, rules: Rules, limits: Limits = LIMITS) -> None:
        self._client = client
        self._rules = rules
        self._limits = limits
        self._currencies = Currencies(client, rules.currencies)

    def changed_since(self, start: datetime, stream: str, after: str | None = None) -> Iterator[Page]:
        _check(stream)
        for portion in Walk(self._list, start, self._limits).portions(after):
            yield self._page(portion)

    def complete(self, record: Record) -> Record | Reject:
        if record.order.payment not in self._rules.payments_with_transactions:
            return record
        try:
            answer = self._client.get(f"{_order(record.id)}/transactions")
            order = with_transactions(record.order, Node(answer.body.get("data"), ("transactions",)))
        except (BadRecordError, RejectedError) as error:
            return _reject(record.id, error, dict(record.document))
        return replace(record, subject=order)

    def read(self, stream: str, record_id: str) -> Record | Reject:
        _check(stream)
        try:
            body = self._client.get(_order(record_id), {"include": "items"}).body
        except RejectedError as error:
            return _reject(record_id, error, {})
        record = self._record(body.get("data"), _by_id(body.get("included")))
        return self.complete(record) if isinstance(record, Record) else record

    def _list(self, filters: str, offset: int, limit: int) -> Listing:
        answer = self._client.get(
            ORDERS,
            {
                "filter": filters,
                "sort": "created_at",
                "include": "items",
                "page[limit]": str(limit),
                "page[offset]": str(offset),
            },
        )
        rows = answer.body.get("data")
        total = Node(answer.body)["meta"]["results"]["total"].value
        return Listing(
            rows=tuple(Row.of(row) for row in rows) if isinstance(rows, list) else (),
            items=_by_id(answer.body.get("included")),
            total=total if isinstance(total, int) else None,
            offset=offset,
            limit=limit,
            served_at=answer.served_at,
        )

    def _page(self, portion: Portion) -> Page:
        read = [self._record(row.document, portion.items) for row in portion.rows]
        return Page(
            records=tuple(one for one in read if isinstance(one, Record)),
            rejects=tuple(one for one in read if isinstance(one, Reject)),
            served_at=portion.served_at,
            cursor=portion.cursor,
        )

    def _record(self, data: Any, included: Mapping[str, Any]) -> Record | Reject:
        items: list[Any] = []
        try:
            items = self._items(Node(data), included)
            return order_record(data, items, self._rules, self._currencies.exponent)
        except (BadRecordError, RejectedError, *UNFORESEEN) as error:
            return _reject(Node(data)["id"].text() or None, error, {"data": data, "items": items})

    def _items(self, order: Node, included: Mapping[str, Any]) -> list[Any]:
        """The order's own items, joined by id. A long page may leave some out of `included`."""
        named = [one["id"].text() for one in order["relationships"]["items"]["data"] if not _is_group(one)]
        if all(name in included for name in named):
            return [included[name] for name in named]
        items = self._client.get(f"{_order(order['id'].identifier())}/items").body.get("data")
        return items if isinstance(items, list) else []


def _reject(record_id: str | None, error: Exception, document: dict[str, Any]) -> Reject:
    match error:
        case BadRecordError():
            reason, path, message = error.reason, error.path, str(error)
        case NotFoundError():
            reason, path, message = "not_found", "$", str(error)
        case RejectedError():
            reason, path, message = "refused", "$", str(error)
        case _:  # its text may quote the content
            reason, path, message = "unreadable", "$", f"has an unforeseen shape ({type(error).__name__})"
    return Reject(record_id, reason, path, message, _redacted(document))


def _redacted(document: dict[str, Any]) -> bytes:
    """What a person needs to see why; nothing, where not even that can be written down."""
    try:
        return orjson.dumps(without_secrets(document))
    except UNFORESEEN:
        return b""


def _by_id(included: Any) -> dict[str, Any]:
    return {item["id"].text(): item.value for item in Node(included)["items"]}


def _is_group(related: Node) -> bool:
    """Shipping groups stand among the items and are in no `included`."""
    return related["type"].text().startswith("shipping")


def _order(record_id: str) -> str:
    return f"{ORDERS}/{quote(record_id, safe='')}"


def _check(stream: str) -> None:
    if stream != "orders":
        raise ConfigurationError(f"the Elastic Path source reads orders; it knows no stream {stream!r}")
