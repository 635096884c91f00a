"""What data health is judged by: messages that are kept still, and browsers' ids that were joined."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Integer, func, select, tuple_

from commerce_events.domain.facts import Kind
from commerce_events.domain.health import Message
from commerce_events.domain.moments import micros
from commerce_events.ledger.database import Database
from commerce_events.ledger.lanes import HAS_BODY
from commerce_events.ledger.packing import unpacked
from commerce_events.ledger.people_tables import person_key
from commerce_events.ledger.tables import delivery, fact, payload

PAGE = 500


@dataclass(frozen=True, slots=True)
class HealthRows:
    database: Database

    def messages(self, since: datetime, ends: Collection[tuple[str, str]]) -> Iterator[Message]:
        """Those of facts captured since, page by page; `ends`: each store with the destination to look at."""
        joined = delivery.join(fact, fact.c.event_id == delivery.c.event_id).join(payload, HAS_BODY)
        columns = (
            delivery.c.seq,
            fact.c.store,
            fact.c.record_id,
            fact.c.kind,
            payload.c.body,
            payload.c.input,
        )
        wanted = (
            delivery.c.recorded_at >= micros(since),
            payload.c.body.is_not(None),
            tuple_(fact.c.store, delivery.c.destination).in_(ends),
        )
        found = select(*columns).select_from(joined).where(*wanted).order_by(delivery.c.seq).limit(PAGE)
        after = -1
        while True:
            with self.database.read() as connection:
                rows = connection.execute(found.where(delivery.c.seq > after)).all()
            if not rows:
                return
            yield from map(_message, rows)
            after = rows[-1].seq

    def stitched(self) -> tuple[int, int]:
        """How many browsers' ids are a known person's, and how many there are."""
        joined = func.sum(person_key.c.known.cast(Integer))
        counted = select(joined, func.count()).where(person_key.c.kind == "anonymous")
        with self.database.read() as connection:
            known, count = connection.execute(counted).one()
        return int(known or 0), int(count)


def _message(row: Any) -> Message:
    kept = unpacked(row.input)
    order = orjson.loads(kept)["commerce"].get("order") or {} if kept else {}
    number = order.get("number")
    body = orjson.loads(bytes(row.body))
    return Message(row.store, row.record_id, Kind(row.kind), body, None if number is None else str(number))
