"""A store whose webhooks go straight into a ledger's inbox, and a pipeline that ingests them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from pipeline import Pipeline, pipeline
from sqlalchemy import select

from commerce_events.domain.deliveries import Door
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import inbox
from commerce_events.sandbox.http import StandIn
from commerce_events.sandbox.wire import Request, Response
from commerce_events.sources.elasticpath.hints import hint

OBSERVED = (
    "order.created",
    "order.updated",
    "order.paid",
    "order.refunded",
    "order.cancelled",
    "transaction.updated",
    "customer.created",
    "customer.updated",
    "customer.deleted",
)
SECRET = "a secret of the store's"


class Inlet(StandIn):
    """Takes every webhook for a hint, as the web door does once it is satisfied."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def answer(self, request: Request) -> Response:
        self._ledger.inbox.keep([hint("main", Door.WEBHOOK, request.body)], datetime.now(UTC))
        return Response(202, b"")


@dataclass
class Hinting:
    line: Pipeline
    inlet: Inlet

    @property
    def ledger(self) -> Ledger:
        return self.line.ledger

    def arrive(self) -> None:
        """Return when the store has told all it has to tell."""
        self.line.shop.announcer.wait()

    def leave(
        self, trigger: str, resource: Any, *, event: str = "event-1", door: Door = Door.WEBHOOK
    ) -> None:
        """A hint of the test's own making."""
        body = {"id": event, "triggered_by": trigger, "payload": resource}
        self.ledger.inbox.keep([hint("main", door, orjson.dumps(body))], self.line.clock.now())

    def ingest(self) -> Counter[str]:
        return self.line.ingest()

    def rows(self) -> list[Any]:
        with self.ledger.engine.connect() as connection:
            return list(connection.execute(select(inbox).order_by(inbox.c.received_at)))

    def fates(self) -> Counter[str]:
        """How the hints ended; `waiting` for those that have not."""
        return Counter(" ".join(filter(None, (row.outcome or "waiting", row.reason))) for row in self.rows())


@contextmanager
def hinting(ledger: Ledger, **store: Any) -> Iterator[Hinting]:
    with pipeline(ledger, **store) as line, Inlet(ledger) as inlet:
        line.shop.integrations.webhook(inlet.url, SECRET, *OBSERVED)
        yield Hinting(line, inlet)
