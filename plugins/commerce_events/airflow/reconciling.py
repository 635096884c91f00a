"""What `reconcile` compares, and how far back: by its form, or by what was compared before.

Every run looks at the last two days, and once a day at the last thirty. Whether that has been done the ledger
tells, so that the first run after an outage of Airflow makes up for it.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from commerce_events.airflow import connections, wall
from commerce_events.airflow.hooks.segment import SegmentHook
from commerce_events.airflow.hooks.segment_public_api import SegmentPublicApiHook
from commerce_events.airflow.lookup import find
from commerce_events.domain.errors import ConfigurationError
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.arrivals import reconcile_arrivals
from commerce_events.steps.capture import ORDERS
from commerce_events.steps.far_end import FarEnd
from commerce_events.steps.late_refunds import look_for_refunds
from commerce_events.steps.reconcile import reconcile

SHORT = timedelta(days=2)
LONG = timedelta(days=30)
ONCE_IN = timedelta(hours=23)

Form = Mapping[str, Any]
Reach = tuple[datetime, datetime]


def streams() -> list[str]:
    """Everything that is read from stores: store/stream."""
    known = connections.settings().stores.items()
    return [f"{name}/{stream}" for name, store in known for stream in (ORDERS, *store.people)]


def destinations() -> list[str]:
    """Those whose counts can be asked for. A connection that commerce.toml names must exist."""
    known = connections.settings().destinations.items()
    return [
        name
        for name, one in known
        if "public_api" in one.model_fields_set or find(one.public_api) is not None
    ]


def compare(stream: str, form: Form | None = None) -> Counter[str]:
    """Hold one of `streams` against its store. Hours are short for who cannot count: they list everything."""
    store, name = connections.open_stream(stream)
    start, end = reach(store.ledger, "store", stream, form)
    listing, allowed = end - start > SHORT, connections.health().open_gaps
    return reconcile(store, name, start, end, open_gaps=allowed, listing=listing)


def refunds(store: str) -> Counter[str]:
    return look_for_refunds(connections.open_store(store))


def arrivals(destination: str, form: Form | None = None) -> Counter[str]:
    """Hold what one of `destinations` took against what it counted."""
    ledger = connections.open_ledger()
    start, end = reach(ledger, "destination", destination, form)
    return reconcile_arrivals(
        ledger,
        open_far_end(destination),
        start,
        end,
        now=wall.now(),
        shortfall_share=connections.health().shortfall_share,
        run=connections.run_id(),
    )


def open_far_end(destination: str) -> FarEnd:
    known = connections.settings().destinations[destination]
    api, segment = SegmentPublicApiHook(known.public_api).client(), SegmentHook(known.connection).settings()
    return FarEnd(destination, api, known.connection, segment.write_key)


def report() -> Counter[str]:
    """The figures of the last thirty days."""
    findings, since = connections.open_ledger(reads_only=True).findings, (wall.now() - LONG).date()
    outcome: Counter[str] = Counter()
    for day in findings.days(since):
        outcome.update(in_store=day.in_store, accounted=day.accounted, healed=day.healed)
    for each in findings.arrivals(since):
        outcome.update(accepted=each.accepted, missing=each.missing, refused=each.refused)
    return outcome


def span_of(since: date | None, until: date | None) -> Reach | None:
    """Whole days, the last one included; None where none is named."""
    if since is None and until is None:
        return None
    today = wall.now().date()
    last = until or today
    if since is not None and since > today:
        raise ConfigurationError(f"{since} lies in the future: there is nothing to compare yet")
    start, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (since or last, last))
    if start > end:
        raise ConfigurationError(f"nothing lies between {since} and {until}: the first day must come first")
    return start, end + timedelta(days=1)


def reach(ledger: Ledger, kind: str, scope: str, form: Form | None) -> Reach:
    """From when until when this comparison is to be made."""
    now = wall.now()
    asked = span_of(*(_day((form or {}).get(name)) for name in ("since", "until")))
    if asked is not None:
        return asked
    last = ledger.findings.last(kind, scope, reaching=now - LONG + 2 * SHORT)
    long = last is None or now - last.done_at >= ONCE_IN
    return now - (LONG if long else SHORT), now


def _day(said: Any) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise ConfigurationError(f"The form's days must look like 2026-11-22: {error}") from error
