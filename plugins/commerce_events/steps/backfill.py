"""Backfill: a window of the past, captured page by page; what was filtered is told after all."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from commerce_events.domain.backfills import Backfill
from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.plans import Plan, PlanWindow, Stage
from commerce_events.domain.states import Live
from commerce_events.ledger.plans import WindowStep
from commerce_events.steps.complete import prepared
from commerce_events.steps.litter import collected_seldom
from commerce_events.steps.profiles import tell_profiles
from commerce_events.steps.record import record_all
from commerce_events.steps.store import OpenStore
from commerce_events.steps.wish import as_wished

log = logging.getLogger(__name__)

ORDERS = "orders"
MINUTE = timedelta(minutes=1)

# Told of each page that was recorded: which window, and how many records of it.
Listener = Callable[[PlanWindow, int], None]


def nobody(_window: PlanWindow, _records: int) -> None:
    """Listens to nothing."""


@collected_seldom()
def capture_window(store: OpenStore, plan: Plan, number: int, told: Listener = nobody) -> Counter[str]:
    """Record one window of a plan; returns counts by what was recorded.

    Safe to run again, and beside another worker on the same window. What was cut off, or cancelled, goes on
    behind the last page that was recorded: a page, and how far the window is, are one transaction.
    """
    outcome: Counter[str] = Counter()
    window = next(each for each in plan.windows if each.number == number)
    if window.done_at is not None:
        return outcome
    past, noted = opened_for(store, plan), store.clock()
    pages = past.source.created_between(window.start, window.end, window.stream, window.cursor)
    for coming in prepared(past, window.stream, pages):
        page = coming.page
        if store.ledger.plans.is_cancelled(plan.id):
            log.warning("backfill %s is cancelled: window %d stops here", plan.id, number)
            return outcome
        read = len(page.records) + len(page.rejects)
        step = WindowStep(plan.id, window, page.cursor, read, page.served_at)
        outcome += record_all(past, window.stream, page.records, page.rejects, step, coming.complete)
        told(window, read)
        if store.clock() - noted >= MINUTE:
            noted = store.clock()
            log.info("backfill %s, window %d, %s: %s", plan.id, number, window.label, dict(outcome))
    store.ledger.statistics.count_what_grew()
    store.ledger.plans.finish_window(plan.id, number, store.clock())
    outcome += tell_profiles(past)
    log.info("backfill %s, window %d, %s: done, %s", plan.id, number, window.label, dict(outcome))
    return outcome


def opened_for(store: OpenStore, plan: Plan) -> OpenStore:
    """The store as a backfill sees it: its door, its mark, its own beginning and trackings.

    Which transactions are read was settled when its source was made.
    """
    settings = as_wished(store.settings, plan.wish)
    live = Live(plan.live_start, plan.fence) if plan.fence else None
    return replace(
        store,
        settings=settings,
        renderer=replace(store.renderer, store=settings),
        run=plan.id,
        door=Door.BACKFILL,
        backfill=Backfill(plan.id, plan.wish.integrations, live),
    )


def plan_of(store: OpenStore, plan_id: str) -> Plan:
    """A kept plan of this store."""
    found = store.ledger.plans.get(plan_id)
    if found is None or found.wish.store != store.name:
        raise ConfigurationError(f"the ledger has no plan {plan_id!r} of store {store.name}")
    return found


def note_past(store: OpenStore, plan: Plan) -> bool:
    """Whether a verified backfill makes the ledger know all orders there ever were; then sums can be told.

    It must reach from before the store's first order to where the live sync takes over.
    """
    charter = store.ledger.charter
    if ORDERS not in plan.wish.streams or plan.stage is not Stage.CAPTURED or charter.knows_past(store.name):
        return charter.knows_past(store.name)
    followed = plan.end >= plan.live_start and store.ledger.scans.is_complete(store.name, ORDERS)
    if not followed or store.source.anything_before(plan.wish.start, ORDERS):
        return False
    charter.note_past(store.name, f"backfill {plan.id} reached the first order")
    store.ledger.people.all_behind(store.name)
    return True
