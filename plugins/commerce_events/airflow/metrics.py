"""Our figures among Airflow's metrics, for StatsD or OpenTelemetry, whichever Airflow is set to.

Names carry everything, since plain StatsD knows no tags. Without metrics in Airflow all of this does nothing.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from airflow.sdk.observability import stats

from commerce_events.domain.alerts import Finding, Level
from commerce_events.ledger.ledger import Ledger

PREFIX = "commerce_events"
HOUR = timedelta(hours=1)


def called(service: str, seconds: float, status: int | None) -> None:
    """One request of ours to a service, by its connection; `status` None: no answer came."""
    name = f"{PREFIX}.api.{_part(service)}"
    stats.incr(f"{name}.calls")
    stats.timing(f"{name}.duration", timedelta(seconds=seconds))
    if status is None:
        stats.incr(f"{name}.unanswered")
    elif status == 429 or status >= 500:
        stats.incr(f"{name}.status_{status}")


def standing(ledger: Ledger, destinations: Sequence[str], *, now: datetime) -> None:
    """What the ledger holds by now, and how long messages wait, as gauges.

    Totals, not what one task did: a task that fails, or is killed, then falsifies nothing.
    """
    for line in ledger.reports.by_message():
        parts = (line.store, line.destination, line.kind, line.status)
        stats.gauge(".".join((PREFIX, "messages", *map(_part, parts))), line.count)
    for name in destinations:
        stats.gauge(f"{PREFIX}.lag_seconds.{_part(name)}", ledger.watching.lag(name, now - HOUR, now))
        stats.gauge(f"{PREFIX}.pending.{_part(name)}", ledger.reports.pending(name))


def watched(findings: Sequence[Finding]) -> None:
    """Each thing that alerts are about: its level (0 ok, 1 warning, 2 critical) and its value."""
    levels = list(Level)
    for each in findings:
        name = f"{PREFIX}.watch.{_part(each.rule)}.{_part(each.scope)}"
        stats.gauge(f"{name}.level", levels.index(each.level))
        stats.gauge(f"{name}.value", each.value)


def _part(name: str) -> str:
    """A part of a name: a dot would begin the next one."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)
