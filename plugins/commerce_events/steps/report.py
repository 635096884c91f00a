"""Report: whether a run may be called good, and why not."""

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from commerce_events.config import Health, Store
from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.doors import Gauge, no_gauge, watch_doors

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
NONE: Mapping[str, Store] = MappingProxyType({})


def report_run(
    ledger: Ledger,
    health: Health,
    *,
    now: datetime,
    stores: Mapping[str, Store] = NONE,
    gauge: Gauge = no_gauge,
) -> Counter[str]:
    """Counts over 24 hours. Raises AttentionError when too many rows wait for a person, or too long.

    Also where one of `stores` has fallen silent; `gauge` is told how its event doors serve.
    """
    recent = ledger.reports.recent(now - DAY)
    oldest = ledger.reports.oldest_pending()
    lag = (now - oldest) if oldest else timedelta(0)
    waiting = recent.quarantined + recent.rejects
    findings = []
    if recent.rows >= health.quarantine_rows and waiting > health.quarantine_share * recent.rows:
        findings.append(
            f"{recent.quarantined} of {recent.rows} messages of the last 24 hours are quarantined and "
            f"{recent.rejects} records could not be read, more than {health.quarantine_share:.1%}: "
            "`commerce-events replay --dry-run` lists the reasons"
        )
    if lag > timedelta(minutes=health.lag_minutes):
        findings.append(
            f"the oldest message has waited {lag.total_seconds() / 60:.0f} minutes, more than "
            f"{health.lag_minutes}: the log of the task `send` says what stops it"
        )
    findings += watch_doors(ledger, stores, now, gauge)
    counts = Counter(
        rows=recent.rows,
        quarantined=recent.quarantined,
        dead=recent.dead,
        rejects=recent.rejects,
        lag_seconds=round(lag.total_seconds()),
    )
    log.info("last 24 hours: %s", dict(counts))
    if findings:
        raise AttentionError("; ".join(findings))
    return counts
