"""Maintain: drop what was kept long enough, make room for what comes, let the database count again."""

import logging
from collections import Counter
from datetime import datetime, timedelta

from commerce_events.config import Retention
from commerce_events.ledger.ledger import Ledger

log = logging.getLogger(__name__)


def maintain(ledger: Ledger, retention: Retention, *, now: datetime) -> Counter[str]:
    """Returns how many rows of what went. Safe to repeat, beside everything else, and after a gap."""

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    upkeep = ledger.upkeep
    outcome = Counter(months=upkeep.months_ahead(now))
    outcome["bodies"] = upkeep.bodies(before(retention.bodies), before(retention.waiting), now)
    outcome["batches"] = upkeep.batches(before(retention.batches))
    outcome["rejects"] = upkeep.rejects(before(retention.settled), before(retention.rejects))
    outcome["scans"] = upkeep.scans(before(retention.settled))
    outcome["hints"] = upkeep.hints(before(retention.settled))
    upkeep.analyse()
    ledger.erasures.database.leave_no_traces()
    log.info("ledger maintained: %s", dict(outcome))
    return outcome
