"""One kind of record in the store's API: its list, and its records one by one."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from commerce_events.sources.elasticpath.client import ElasticPathClient
from commerce_events.sources.elasticpath.listing import Listing, Query


@dataclass(frozen=True, slots=True)
class Resource:
    """`include` names what is asked for along with each record."""

    client: ElasticPathClient
    path: str
    include: str | None = None

    def list(self, query: Query) -> Listing:
        asked = {
            "filter": query.filter or None,
            "sort": str(query.sorting),
            "include": self.include,
            "page[limit]": str(query.limit),
            "page[offset]": str(query.offset),
        }
        return Listing.of(self.client.page(self.path, _given(asked)), query)

    def read(self, record_id: str) -> dict[str, Any]:
        """The answer's body. Raises NotFoundError where the store has no such record, or no more."""
        query = _given({"include": self.include})
        body: dict[str, Any] = self.client.record(self._one(record_id), query).body
        return body

    def part(self, record_id: str, name: str) -> Any:
        """What the store keeps under a record, as in `/items`."""
        return self.client.record(f"{self._one(record_id)}/{name}").body.get("data")

    def _one(self, record_id: str) -> str:
        return f"{self.path}/{quote(record_id, safe='')}"


def _given(query: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in query.items() if value is not None}
