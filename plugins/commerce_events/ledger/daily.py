"""Deliveries counted by the day their fact happened, in the same transactions that move them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select, true

from commerce_events.domain.deliveries import Status
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.bulk import bulk
from commerce_events.ledger.columns import Ids
from commerce_events.ledger.database import is_postgres
from commerce_events.ledger.tables import daily, fact

KEY = ("store", "stream", "day", "kind", "destination", "status")
DailyKey = tuple[str, str, str, str, str, str]

DAY = micros(moment(0) + timedelta(days=1))
KINDS = (
    fact.c.store,
    fact.c.stream,
    (fact.c.occurred_at - fact.c.occurred_at % DAY).label("day"),
    fact.c.kind,
)


def count_daily(connection: Connection, changes: Mapping[DailyKey, int]) -> None:
    """Add to the counts; rows are taken in one order, so that two writers never wait crosswise.

    Hence once in a transaction: a second call would begin that order again.
    """
    rows = [dict(zip(KEY, key, strict=True), n=n) for key, n in sorted(changes.items()) if n]
    if not rows:
        return
    connection.execute(*bulk(connection, daily, rows, _adding))


def _adding(new: Any) -> Any:
    added = {"n": daily.c.n + new.excluded.n}
    return new.on_conflict_do_update(index_elements=[daily.c[name] for name in KEY], set_=added)


def moves(
    connection: Connection, moved: Sequence[tuple[UUID, str]], old: Status, new: Status
) -> Counter[DailyKey]:
    """What moving these deliveries (event id, destination) from one status to another does to the counts.

    Added up over a transaction and counted once, at its end: see `count_daily`.
    """
    changes: Counter[DailyKey] = Counter()
    for destination, rows in groupby(sorted(moved, key=itemgetter(1)), key=itemgetter(1)):
        ids = [event_id for event_id, _ in rows]
        for store, stream, begun, kind, n in connection.execute(_counted(connection, ids)):
            key = (store, stream, moment(begun).date().isoformat(), kind, destination)
            changes[(*key, old)] -= n
            changes[(*key, new)] += n
    return changes


def _counted(connection: Connection, ids: Sequence[UUID]) -> Any:
    """Facts counted by kind and day. On Postgres each id is sought by itself, however small a table that it
    could read as a whole may still be.
    """
    if not is_postgres(connection):
        return select(*KINDS, func.count()).where(fact.c.event_id.in_(ids)).group_by(*KINDS)
    moved = func.unnest(bindparam(None, ids, type_=Ids())).table_valued("id").render_derived("moved")
    one = select(*KINDS).where(fact.c.event_id == moved.c.id).limit(1).lateral("one")
    return select(*one.c, func.count()).select_from(moved).join(one, true()).group_by(*one.c)
