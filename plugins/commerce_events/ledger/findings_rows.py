"""Findings as rows of their tables, and what happens when one is found again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from commerce_events.domain.moments import micros
from commerce_events.ledger.findings_tables import accuracy, arrival, gap, shortfall
from commerce_events.ledger.found import Arrival, Figure, Gap, Shortfall

GAP_KEY = ("store", "stream", "record_id", "reason")
SHORT_KEY = ("hour", "message", "stage", "receiver", "reason")


def adding_healed(new: Any) -> Any:
    """What an earlier comparison healed stays told."""
    healed = {"healed": accuracy.c.healed + new.excluded.healed}
    changed = {name: new.excluded[name] for name in ("in_store", "accounted", "checked_at")}
    key = [accuracy.c.store, accuracy.c.stream, accuracy.c.day]
    return new.on_conflict_do_update(index_elements=key, set_={**changed, **healed})


def seen_again(new: Any) -> Any:
    names = ("state", "detail", "seen_at", "reconciliation_id", "day")
    changed = {name: new.excluded[name] for name in names}
    return new.on_conflict_do_update(index_elements=[gap.c[name] for name in GAP_KEY], set_=changed)


def counted_again(new: Any) -> Any:
    changed = {name: new.excluded[name] for name in ("accepted", "missing", "refused", "checked_at")}
    return new.on_conflict_do_update(index_elements=[arrival.c.destination, arrival.c.day], set_=changed)


def short_again(new: Any) -> Any:
    changed = {name: new.excluded[name] for name in ("n", "detail", "seen_at", "reconciliation_id")}
    key = [shortfall.c[name] for name in ("destination", *SHORT_KEY)]
    return new.on_conflict_do_update(index_elements=key, set_=changed)


def known_gaps(connection: Connection, figures: Sequence[Figure]) -> Mapping[tuple[str, ...], str]:
    days = [each.day.isoformat() for each in figures]
    mine = (gap.c.store == figures[0].store, gap.c.stream == figures[0].stream, gap.c.day.in_(days))
    rows = connection.execute(select(*(gap.c[name] for name in GAP_KEY), gap.c.state).where(*mine))
    return {tuple(row[:-1]): row[-1] for row in rows}


def known_shortfalls(
    connection: Connection, destination: str, span: tuple[datetime, datetime]
) -> Mapping[tuple[Any, ...], int]:
    hour = shortfall.c.hour
    mine = (shortfall.c.destination == destination, hour >= micros(span[0]), hour < micros(span[1]))
    found = select(*(shortfall.c[name] for name in SHORT_KEY), shortfall.c.n).where(*mine)
    return {tuple(row[:-1]): row[-1] for row in connection.execute(found)}


def gap_key(each: Gap) -> tuple[str, ...]:
    return each.store, each.stream, each.record_id, each.reason


def shortfall_key(each: Shortfall) -> tuple[Any, ...]:
    return micros(each.hour), each.message, each.stage, each.receiver, each.reason


def figure_row(each: Figure, now: datetime) -> dict[str, Any]:
    return {
        "store": each.store,
        "stream": each.stream,
        "day": each.day.isoformat(),
        "in_store": each.in_store,
        "accounted": each.accounted,
        "healed": each.healed,
        "checked_at": micros(now),
    }


def gap_row(each: Gap, number: int, now: datetime) -> dict[str, Any]:
    return {
        **dict(zip(GAP_KEY, gap_key(each), strict=True)),
        "day": each.day.isoformat(),
        "state": each.state,
        "detail": each.detail and each.detail[:500],
        "found_at": micros(now),
        "seen_at": micros(now),
        "reconciliation_id": number,
    }


def arrival_row(each: Arrival, now: datetime) -> dict[str, Any]:
    return {
        "destination": each.destination,
        "day": each.day.isoformat(),
        "accepted": each.accepted,
        "missing": each.missing,
        "refused": each.refused,
        "checked_at": micros(now),
    }


def shortfall_row(each: Shortfall, number: int, now: datetime) -> dict[str, Any]:
    return {
        "destination": each.destination,
        **dict(zip(SHORT_KEY, shortfall_key(each), strict=True)),
        "n": each.count,
        "detail": each.detail and each.detail[:500],
        "found_at": micros(now),
        "seen_at": micros(now),
        "reconciliation_id": number,
    }
