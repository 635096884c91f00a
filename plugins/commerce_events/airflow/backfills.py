"""Backfills at the edge: wishes in words, plans from the ledger, and stores opened for them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from commerce_events.airflow import connections, wall
from commerce_events.airflow.hooks.elasticpath import ElasticPathHook
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Plan, Wish
from commerce_events.domain.rates import STEADY
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps import account
from commerce_events.steps.backfill import Listener, nobody
from commerce_events.steps.budget import grant_backfills
from commerce_events.steps.estimate import Rates
from commerce_events.steps.plan import Sizes, draw_up
from commerce_events.steps.rehearsal import Rehearsal
from commerce_events.steps.rehearse import rehearse
from commerce_events.steps.store import OpenStore
from commerce_events.steps.verification import Verification

T = TypeVar("T")
DAY = len("2026-01-31")


def wish_of(said: Mapping[str, Any]) -> Wish:
    """What a form or a command says; what it leaves out, commerce.toml does. Raises ConfigurationError."""
    store, defaults = connections.store_settings(said["store"]), connections.settings().backfill
    preset = said.get("integrations") or defaults.integrations
    enabled = [kind.value for kind in Kind if store.tracking(kind).enabled]
    return Wish(
        store=store.name,
        streams=tuple(dict.fromkeys(said.get("streams") or ("orders",))),
        start=moment_of(said["from"] or "", "from"),
        end=moment_of(said["to"] or "", "to"),
        trackings=tuple(map(_kind, said.get("trackings") or enabled)),
        preset=preset,
        integrations=connections.routing(preset, store),
        share=float(_either(said.get("share"), defaults.share)),
        transactions=said.get("transactions") or store.transactions,
        fence_hours=int(_either(said.get("fence_hours"), defaults.fence_hours)),
    )


def moment_of(text: str, name: str) -> datetime:
    """A day, which begins at midnight in UTC, or a time with an offset."""
    said = text.strip()
    try:
        found = datetime.fromisoformat(f"{said}T00:00:00Z" if len(said) == DAY else said)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ConfigurationError(
            f"{name}: must be a day, as in 2026-01-31, or a time with an offset, as in 2026-01-31T12:00:00Z"
        )
    return found.astimezone(UTC)


def planned(wish: Wish, ledger: Ledger, run: str | None = None, *, keep: bool = True) -> Plan:
    """A new plan, in the ledger unless it is only to be looked at."""
    store = connections.open_store(wish.store, ledger)
    plan = draw_up(store, wish, rates(wish.store), Sizes(window=connections.settings().backfill.window))
    if keep:
        ledger.plans.keep(plan, run)
    return plan


def rates(store: str) -> Rates:
    """As far as they are used: the store's, and that of the slowest of its destinations."""
    settings = connections.store_settings(store)
    ends = [connections.open_destination(name) for name in settings.destinations]
    requests = ElasticPathHook(settings.connection).settings().requests_per_second
    events = min(end.events_per_second for end in ends)
    return Rates(requests * STEADY, events * STEADY)


def plan_named(plan_id: str, ledger: Ledger) -> Plan:
    found = ledger.plans.get(plan_id)
    if found is None:
        raise ConfigurationError(
            f"the ledger has no plan {plan_id!r}: `commerce-events backfill list` shows those it has"
        )
    return found


def begin(plan: Plan, ledger: Ledger) -> None:
    """From here on backfills may take the plan's share of the rates. Goes on with one that was cancelled."""
    grant_backfills(ledger, connections.store_settings(plan.wish.store), plan.wish.share)
    ledger.plans.begin(plan.id, wall.now())


def opened(plan: Plan, ledger: Ledger) -> OpenStore:
    """The plan's store, as it wishes to see it."""
    return connections.open_store(plan.wish.store, ledger, plan=plan)


def accounted(plan: Plan, ledger: Ledger) -> list[Verification]:
    """Every record of the plan's span, stream by stream; see `steps.account`."""
    return account.accounted(connections.open_store(plan.wish.store, ledger), plan)


def rehearsed(plan: Plan, told: Listener = nobody) -> Rehearsal:
    """What the plan would do now; see `steps.rehearse`. It need not be in the ledger."""
    ledger = connections.open_ledger(reads_only=True)
    return rehearse(opened(plan, ledger), plan, told=told)


def _kind(name: str) -> Kind:
    if name not in set(Kind):
        raise ConfigurationError(f"trackings: unknown tracking {name!r}; allowed: {', '.join(Kind)}")
    return Kind(name)


def _either(said: T | None, default: T) -> T:
    return default if said is None else said
