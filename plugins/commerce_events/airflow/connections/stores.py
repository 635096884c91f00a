"""Stores, opened with all that a capture needs."""

import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from airflow.sdk import get_current_context

from commerce_events.airflow.connections.ledger import open_ledger
from commerce_events.airflow.connections.receivers import open_destinations
from commerce_events.airflow.connections.rendering import renderer
from commerce_events.airflow.connections.toml import store_names, store_settings
from commerce_events.airflow.files import SETTINGS_FILE
from commerce_events.airflow.hooks.elasticpath import ElasticPathHook
from commerce_events.airflow.wall import clock, now
from commerce_events.config import DEMO_NAMESPACE, Store
from commerce_events.destinations.destination import Destination
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.plans import Plan
from commerce_events.ledger.ledger import Ledger
from commerce_events.sources.elasticpath import ElasticPathSource
from commerce_events.sources.elasticpath.pace import BRIEF, PATIENCE, Paced, Patience, SharedPace
from commerce_events.sources.source import Rules
from commerce_events.steps.backfill import opened_for
from commerce_events.steps.budget import RequestBudget, requests_to
from commerce_events.steps.store import OpenStore
from commerce_events.steps.wish import as_wished

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
NEW_NAMESPACE = "python -c 'import uuid; print(uuid.uuid4())'"


def open_store(
    name: str,
    ledger: Ledger | None = None,
    patience: Patience = PATIENCE,
    *,
    plan: Plan | None = None,
) -> OpenStore:
    """A store of commerce.toml with all that a capture needs; `plan`: the backfill that asks, if one does."""
    store = store_settings(name) if plan is None else as_wished(store_settings(name), plan.wish)
    hook = ElasticPathHook(store.connection)
    refuse_the_sandbox_namespace(store, hook.settings().base_url)
    ledger, run = ledger or open_ledger(), run_id()
    ledger.charter.accept_store(name, store.namespace)
    per_second = hook.settings().requests_per_second
    pace = _pace(ledger, name, per_second, plan is not None)
    opened = OpenStore(
        settings=store,
        source=ElasticPathSource(hook.client(patience, pace), _rules(store)),
        ledger=ledger,
        renderer=renderer(store, hook.settings().identity_key or ledger.charter.identity_key(), run),
        clock=now,
        run=run,
    )
    return opened if plan is None else opened_for(opened, plan)


def open_stream(name: str) -> tuple[OpenStore, str]:
    """One of `people_streams`, opened."""
    store, _, stream = name.partition("/")
    return open_store(store), stream


def open_inbox() -> tuple[Ledger, dict[str, Callable[[], OpenStore]], list[Destination]]:
    """What ingesting takes. Stores are opened where hints wait, and ask briefly: hints can wait for a run."""
    ledger = open_ledger()
    stores: dict[str, Callable[[], OpenStore]] = {
        name: partial(open_store, name, ledger, BRIEF) for name in store_names()
    }
    return ledger, stores, open_destinations()


def _pace(ledger: Ledger, store: str, per_second: float, backfill: bool) -> Paced | None:
    """One for all who read the store. Who only looks asks at a pace of their own, and writes nothing."""
    if ledger.charter.reads_only:
        return None
    ledger.gate.prepare(requests_to(store))
    budget = RequestBudget(ledger, store, per_second, clock(), backfill)
    return SharedPace(budget.book, per_second, time.monotonic, time.sleep)


def _rules(store: Store) -> Rules:
    return Rules(
        store=store.name,
        shipping_skus=store.lines.shipping_skus,
        tax_skus=store.lines.tax_skus,
        anonymous_id_field=store.identity.anonymous_id_field,
        customer_anonymous_id_field=store.identity.customer_anonymous_id_field,
        consent_field=store.consent.field,
        consent_category=store.consent.category,
        test_filter=store.test_filter,
        currencies=store.currencies,
        payments_with_transactions=store.payments_with_transactions(),
    )


def refuse_the_sandbox_namespace(store: Store, base_url: str) -> None:
    """Its ids would be everybody's: Segment keeps one table of seen ids for all its customers."""
    if store.namespace == DEMO_NAMESPACE and urlsplit(base_url).hostname not in LOOPBACK:
        raise ConfigurationError(
            f"{SETTINGS_FILE}: stores.{store.name}.namespace is the sandbox's own; make one for this store "
            f"and keep it for ever: {NEW_NAMESPACE}"
        )


def run_id() -> str | None:
    """The Airflow run that asks; None on the command line."""
    try:
        return str(get_current_context()["run_id"])
    except RuntimeError:
        return None
