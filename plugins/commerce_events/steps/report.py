"""Report: whether a run may be called good, and why not."""

import logging
from collections import Counter
from datetime import datetime, timedelta

from commerce_events.config import Health
from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.ledger import Ledger

log = logging.getLogger(__name__)

DAY = timedelta(days=1)


def report_run(ledger: Ledger, health: Health, *, now: datetime) -> Counter[str]:
    """Counts over 24 hours. Raises AttentionError when too many rows wait for a person, or too long."""
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
