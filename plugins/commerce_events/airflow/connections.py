"""The one door from Airflow to our objects: settings and connections go in, opened things come out.

The same functions serve a task, Airflow's servers and the plain command line.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from airflow.sdk import get_current_context

from commerce_events.airflow.files import SETTINGS_FILE, golden_folder, include_folder, shadow_folder
from commerce_events.airflow.hooks.elasticpath import ElasticPathHook
from commerce_events.airflow.hooks.segment import SegmentHook
from commerce_events.airflow.hooks.segment_public_api import SegmentPublicApiHook
from commerce_events.airflow.ledger_url import ledger_url
from commerce_events.airflow.lookup import find
from commerce_events.airflow.notifiers import notifiers
from commerce_events.airflow.wall import clock, now
from commerce_events.config import DEMO_NAMESPACE, Health, Retention, Settings, Store, load_settings
from commerce_events.contracts.contracts import Contracts
from commerce_events.destinations.destination import Destination
from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.destinations.shadow import ShadowClient
from commerce_events.domain.backfills import closed
from commerce_events.domain.corrections import warehouses_only
from commerce_events.domain.errors import CommerceEventsError, ConfigurationError
from commerce_events.domain.plans import Plan
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.schema import migrate, revisions
from commerce_events.sources.elasticpath import ElasticPathSource
from commerce_events.sources.elasticpath.integrations import Integrations
from commerce_events.sources.elasticpath.pace import BRIEF, PATIENCE, Paced, Patience, SharedPace
from commerce_events.sources.source import Rules
from commerce_events.steps.backfill import opened_for
from commerce_events.steps.budget import RequestBudget, requests_to
from commerce_events.steps.correct import Routing
from commerce_events.steps.regulate import Workspace
from commerce_events.steps.render import Receiver, Renderer
from commerce_events.steps.store import OpenStore
from commerce_events.steps.watch import Notifier
from commerce_events.steps.wish import as_wished
from commerce_events.templates.library import Templates

log = logging.getLogger(__name__)

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
logging.getLogger("alembic").setLevel(logging.WARNING)  # it greets whoever looks at a schema
LINES_PER_SECOND = 1_000_000.0  # a file sets no rate
LEAST_SECRET = 16  # whoever guesses it may leave hints
NEW_SECRET = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
NEW_NAMESPACE = "python -c 'import uuid; print(uuid.uuid4())'"


def settings() -> Settings:
    """commerce.toml, read anew; ConfigurationError names every mistake in it."""
    return load_settings(include_folder() / SETTINGS_FILE)


def retention() -> Retention:
    return settings().retention


def alert_notifiers() -> dict[str, Notifier]:
    """Whom changes are told, by commerce.toml."""
    return notifiers(settings().alerts.notify)


def store_names() -> list[str]:
    return list(settings().stores)


def people_streams() -> list[str]:
    """The streams of people that stores want read, as `open_stream` takes them: store/stream."""
    return [f"{name}/{stream}" for name, store in settings().stores.items() for stream in store.people]


def health() -> Health:
    return settings().health


def open_ledger(*, reads_only: bool = False) -> Ledger:
    """The ledger, checked. A SQLite file has nobody to look after it, so it is brought up to date here."""
    engine = open_engine(ledger_url())
    if engine.dialect.name == "sqlite" and len(set(revisions(engine))) > 1:
        migrate(engine)
    return Ledger(engine, reads_only=reads_only)


def store_settings(name: str) -> Store:
    known = settings().stores
    if name not in known:
        raise ConfigurationError(f"{SETTINGS_FILE} has no store {name!r}; it has {', '.join(known)}")
    return known[name]


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


def open_inbox() -> tuple[Ledger, dict[str, Callable[[], OpenStore]], list[Destination]]:
    """What ingesting takes. Stores are opened where hints wait, and ask briefly: hints can wait for a run."""
    ledger = open_ledger()
    stores: dict[str, Callable[[], OpenStore]] = {
        name: partial(open_store, name, ledger, BRIEF) for name in store_names()
    }
    return ledger, stores, open_destinations()


def webhook_secrets() -> dict[str, tuple[str, ...] | None]:
    """What opens each store's webhook door; None where its connection cannot be looked up just now."""
    return {name: _webhook_secrets(store) for name, store in settings().stores.items()}


def _webhook_secrets(store: Store) -> tuple[str, ...] | None:
    try:
        return ElasticPathHook(store.connection).settings().webhook_secrets
    except CommerceEventsError as error:
        log.warning("store %s: its webhook secret is unknown: %s", store.name, error)
        return None


def open_stream(name: str) -> tuple[OpenStore, str]:
    """One of `people_streams`, opened."""
    store, _, stream = name.partition("/")
    return open_store(store), stream


def open_integrations(store: Store) -> Integrations:
    """What the store tells others of, for a person who waits for the answer."""
    return Integrations(ElasticPathHook(store.connection).client(BRIEF))


def webhook_secret(store: Store) -> str:
    """The secret that the store is to send with each webhook."""
    secret = ElasticPathHook(store.connection).settings().webhook_secret
    if secret is None:
        raise ConfigurationError(
            f"connection {store.connection} has no webhook_secret: put one into its extra fields, as made by "
            f"{NEW_SECRET}"
        )
    if not secret.isascii() or not secret.isprintable() or " " in secret or len(secret) < LEAST_SECRET:
        raise ConfigurationError(
            f"connection {store.connection}: webhook_secret must have {LEAST_SECRET} or more characters, "
            f"all of them ASCII and none a blank, since it travels in a header; make one by {NEW_SECRET}"
        )
    return secret


def open_public_api(store: Store) -> SegmentPublicApi | None:
    """Where the store's people are erased at Segment, if anywhere.

    None where no regulation is wanted, or nobody made the connection; one that commerce.toml names must be.
    """
    erasure = store.erasure
    if erasure.regulation == "none":
        return None
    named = "connection" in erasure.model_fields_set
    if not named and find(erasure.connection) is None:
        return None
    return SegmentPublicApiHook(erasure.connection).client()


def open_workspaces() -> list[Workspace]:
    """By connection: the stores whose people are erased through it, and what is asked for them."""
    wanted = [store for store in settings().stores.values() if store.erasure.regulation != "none"]
    clients = {store.erasure.connection: open_public_api(store) for store in wanted}
    kinds = {
        name: {
            store.name: str(store.erasure.regulation) for store in wanted if store.erasure.connection == name
        }
        for name in clients
    }
    return [Workspace(name, client, kinds[name]) for name, client in clients.items()]


def open_destinations() -> list[Destination]:
    return [open_destination(name) for name in settings().destinations]


def open_destination(name: str) -> Destination:
    known = settings().destinations
    if name not in known:
        raise ConfigurationError(f"{SETTINGS_FILE} has no destination {name!r}; it has {', '.join(known)}")
    max_age, senders = timedelta(hours=known[name].max_age_hours), known[name].senders
    if (folder := known[name].folder) is not None:
        return Destination(name, ShadowClient(shadow_folder(folder)), LINES_PER_SECOND, max_age, senders)
    hook = SegmentHook(known[name].connection)
    return Destination(name, hook.client(), hook.settings().max_events_per_second, max_age, senders)


def routing(preset: str, store: Store) -> Mapping[str, bool]:
    """A preset of commerce.toml as a backfill of this store carries it, whatever its connections say."""
    file = settings()
    if preset not in file.integrations:
        known = ", ".join(file.integrations)
        raise ConfigurationError(f"{SETTINGS_FILE} has no section integrations.{preset}; it has {known}")
    ends = [file.destinations[name] for name in store.destinations]
    hooks = [SegmentHook(end.connection) for end in ends if end.folder is None]
    named = {name: said for hook in hooks for name, said in hook.settings().integrations.items()}
    return closed(file.integrations[preset], named)


def correction_routing(*, everywhere: bool = False) -> Routing:
    """Who sees corrections: warehouses only, also where a connection names receivers for its batches."""
    if everywhere:
        return Routing({})
    ends = settings().destinations
    named = {name: SegmentHook(end.connection).settings().integrations for name, end in ends.items()}
    return Routing({name: warehouses_only(said.keys() - {"All"}) for name, said in named.items()})


def renderers(ledger: Ledger) -> dict[str, Renderer]:
    """By store, to render again what was kept: the ids in it stand, so no store's connection is needed."""
    key = ledger.charter.identity_key()
    return {name: renderer(store, key) for name, store in settings().stores.items()}


def renderer(store: Store, key: bytes, run: str | None = None) -> Renderer:
    """How a store's facts become messages; its templates and contracts are loaded and checked here."""
    include = include_folder()
    templates = Templates.load(include / "templates", store.templates(), cases=golden_folder())
    known = settings().destinations
    receivers = {
        name: Receiver(
            Contracts.load(include / "contracts" / known[name].speaks, known[name].allow_commands),
            known[name].needs_consent,
            known[name].is_shadow,
            known[name].runs_in_app_version,
        )
        for name in store.destinations
    }
    return Renderer(store, templates, receivers, key, run)


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
