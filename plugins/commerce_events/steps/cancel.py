"""Cancel: a backfill reads no page more; what it recorded is sent, or taken back."""

from datetime import datetime

from commerce_events.domain.plans import Plan
from commerce_events.ledger.ledger import Ledger


def cancel(ledger: Ledger, plan: Plan, now: datetime, *, withdraw: bool) -> int:
    """Returns how many messages were withdrawn. Those in a worker's hands at this moment are still sent.

    A page is recorded wholly or not at all, so that nothing is half captured. Applied again, the plan goes
    on; one whose messages were withdrawn begins anew, and tells them after all.
    """
    ledger.plans.cancel(plan.id, now)
    if not withdraw:
        return 0
    for name in ledger.withdrawal.destinations(plan.id):
        ledger.lanes.prepare(name)  # only what has lanes can be locked
    gone = 0
    while some := ledger.withdrawal.withdraw(plan.id, now):
        gone += some
    ledger.plans.begin_anew(plan.id)
    return gone
