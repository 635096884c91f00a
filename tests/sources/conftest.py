"""A store on loopback and our source in front of it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import requests
from elastic_path import LONG_AGO, NOW, RULES, Wall

from commerce_events.domain.records import Page, Record, Reject
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathClient, ElasticPathSource
from commerce_events.sources.elasticpath.paging import LIMITS, Limits
from commerce_events.sources.source import Rules


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def make_client(wall: Wall) -> Iterator[Callable[..., ElasticPathClient]]:
    with requests.Session() as session:

        def make(store: ElasticPathStandIn, **options: Any) -> ElasticPathClient:
            given: dict[str, Any] = {
                "session": session,
                "base_url": store.url,
                "client_id": store.client_id,
                "client_secret": store.client_secret,
                "connection": "shop",
                "requests_per_second": 1e6,
                "clock": wall.clock,
                "sleep": wall.sleep,
            }
            return ElasticPathClient(**{**given, **options})

        yield make


@pytest.fixture
def make_source(make_client: Callable[..., ElasticPathClient]) -> Callable[..., ElasticPathSource]:
    def make(store: ElasticPathStandIn, rules: Rules = RULES, limits: Limits = LIMITS) -> ElasticPathSource:
        return ElasticPathSource(make_client(store), rules, limits)

    return make


@pytest.fixture
def store() -> Iterator[ElasticPathStandIn]:
    """Empty, and its clock stands still."""
    with ElasticPathStandIn(now=NOW) as stand_in:
        yield stand_in
        assert stand_in.crashes == []


@pytest.fixture
def source(store: ElasticPathStandIn, make_source: Callable[..., ElasticPathSource]) -> ElasticPathSource:
    return make_source(store)


@pytest.fixture
def read_all() -> Callable[..., tuple[list[Record], list[Reject], list[Page]]]:
    def read(
        source: ElasticPathSource, start: datetime = LONG_AGO, after: str | None = None
    ) -> tuple[list[Record], list[Reject], list[Page]]:
        pages = list(source.changed_since(start, "orders", after))
        records = [record for page in pages for record in page.records]
        return records, [reject for page in pages for reject in page.rejects], pages

    return read
