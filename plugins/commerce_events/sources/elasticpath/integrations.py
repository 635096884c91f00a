"""Integrations: what Elastic Path tells others of, and its log of how that went."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from commerce_events.domain.errors import TransientError
from commerce_events.sources.elasticpath.answers import NotFoundError
from commerce_events.sources.elasticpath.client import ElasticPathClient
from commerce_events.sources.elasticpath.nodes import Node, parse_moment

PATH = "/v2/integrations"
PAGE = 100
MOST_LOGS = 1_000  # of one integration; no document says in which order they come
MOST_EVENTS = 5  # the store's limit for one integration
WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An integration as it is wanted."""

    name: str
    url: str
    events: tuple[str, ...]
    secret: str = field(repr=False)

    def document(self) -> dict[str, Any]:
        """Always whole: whether a part of `configuration` may be left out is documented nowhere."""
        return {
            "type": "integration",
            "name": self.name,
            "description": "Made by `commerce-events webhooks register`; change it there",
            "enabled": True,
            "integration_type": WEBHOOK,
            "observes": list(self.events),
            "configuration": {"url": self.url, "secret_key": self.secret},
        }


@dataclass(frozen=True, slots=True)
class Integration:
    """One as the store shows it. `secret` None: it does not show it, or only a part."""

    id: str
    name: str
    kind: str
    enabled: bool
    events: tuple[str, ...]
    url: str
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Log:
    """One attempt to tell us. `status` 0: nobody answered."""

    at: datetime | None
    job_id: str
    attempt: int
    succeeded: bool
    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Integrations:
    client: ElasticPathClient

    def all(self) -> list[Integration]:
        return [_integration(each) for each in self._list(PATH, MOST_LOGS)]

    def create(self, wanted: Webhook) -> None:
        self.client.send("POST", PATH, wanted.document())

    def change(self, integration_id: str, wanted: Webhook) -> None:
        self.client.send("PUT", _one(integration_id), wanted.document())

    def delete(self, integration_id: str) -> None:
        try:
            self.client.send("DELETE", _one(integration_id))
        except NotFoundError:
            return  # gone already, perhaps by an attempt whose answer was lost

    def logs(self, integration_id: str) -> list[Log]:
        """The latest first; of the log's beginning `MOST_LOGS` entries."""
        found = [_log(each) for each in self._list(f"{_one(integration_id)}/logs", MOST_LOGS)]
        return sorted(found, key=lambda log: log.at.timestamp() if log.at else 0.0, reverse=True)

    def _list(self, path: str, most: int) -> Iterator[Node]:
        """Pages until one is short: newer versions of the API do not tell how many there are."""
        for offset in range(0, most, PAGE):
            query = {"page[limit]": str(PAGE), "page[offset]": str(offset)}
            found = self.client.get(path, query).body.get("data")
            if not isinstance(found, list):
                raise TransientError(f"GET {path}: Elastic Path answered without a list")
            yield from map(Node, found)
            if len(found) < PAGE:
                return


def _one(integration_id: str) -> str:
    return f"{PATH}/{quote(integration_id, safe='')}"


def _integration(document: Node) -> Integration:
    configuration = document["configuration"]
    return Integration(
        id=document["id"].text(),
        name=document["name"].text(),
        kind=document["integration_type"].text(),
        enabled=document["enabled"].value is True,
        events=tuple(each.text() for each in document["observes"]),
        url=configuration["url"].text(),
        secret=_secret(configuration["secret_key"].text()),
    )


def _secret(shown: str) -> str | None:
    """A masked one tells nothing."""
    return shown if shown and "**" not in shown else None


def _log(document: Node) -> Log:
    related = document["relationships"]
    return Log(
        at=parse_moment(document["meta"]["timestamps"]["created_at"].value),
        job_id=related["job"]["data"]["id"].text(),
        attempt=_whole(document["attempt"].value),
        succeeded=document["succeeded"].value is True,
        status=_whole(document["status_code"].value),
        # Not `body`: that is what our own server answered, or a proxy before it.
        detail=document["error_detail"].text()[:200],
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
