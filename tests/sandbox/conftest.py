"""A store and a Segment on loopback, and plain HTTP callers for them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from commerce_events.sandbox.segment import DEFAULT_KEY, SegmentStandIn
from commerce_events.sandbox.store import ElasticPathStandIn

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class StoreCaller:
    """A caller with a token; `ids` pages to the end the naive way."""

    def __init__(self, store: ElasticPathStandIn) -> None:
        self.url = store.url
        self.session = requests.Session()
        form = {
            "grant_type": "client_credentials",
            "client_id": store.client_id,
            "client_secret": store.client_secret,
        }
        token = self.session.post(f"{self.url}/oauth/access_token", data=form, timeout=5).json()
        self.session.headers["Authorization"] = f"Bearer {token['access_token']}"

    def get(self, path: str, **parameters: Any) -> requests.Response:
        named = {
            name.replace("page_", "page[") + "]" if "page_" in name else name: v
            for name, v in parameters.items()
        }
        return self.session.get(self.url + path, params=named, timeout=5)

    def ids(self, path: str = "/v2/orders", **parameters: Any) -> list[str]:
        found: list[str] = []
        while True:
            page = self.get(path, page_limit=100, page_offset=len(found), **parameters).json()
            found += [record["id"] for record in page["data"]]
            if len(found) >= page["meta"]["results"]["total"]:
                return found


class SegmentCaller:
    def __init__(self, segment: SegmentStandIn) -> None:
        self.url = segment.url
        self.session = requests.Session()

    def post(
        self, body: bytes, *, call: str = "batch", key: str = DEFAULT_KEY, **headers: str
    ) -> requests.Response:
        return self.session.post(
            f"{self.url}/v1/{call}",
            data=body,
            headers={"Content-Type": "application/json", **headers},
            auth=(key, ""),
            timeout=5,
        )


@pytest.fixture
def store() -> Iterator[ElasticPathStandIn]:
    with ElasticPathStandIn(seed=1, now=NOW) as stand_in:
        yield stand_in
        assert stand_in.crashes == []


@pytest.fixture(scope="module")
def seeded_store() -> Iterator[ElasticPathStandIn]:
    with ElasticPathStandIn(seed=1, orders=400, now=NOW) as stand_in:
        yield stand_in
        assert stand_in.crashes == []


@pytest.fixture
def api(store: ElasticPathStandIn) -> Iterator[StoreCaller]:
    caller = StoreCaller(store)
    yield caller
    caller.session.close()


@pytest.fixture
def seeded_api(seeded_store: ElasticPathStandIn) -> Iterator[StoreCaller]:
    caller = StoreCaller(seeded_store)
    yield caller
    caller.session.close()


@pytest.fixture
def segment() -> Iterator[SegmentStandIn]:
    with SegmentStandIn() as stand_in:
        yield stand_in
        assert stand_in.crashes == []


@pytest.fixture
def tracking(segment: SegmentStandIn) -> Iterator[SegmentCaller]:
    caller = SegmentCaller(segment)
    yield caller
    caller.session.close()
