"""Those who get messages, and who erases people at Segment."""

from collections.abc import Mapping
from datetime import timedelta

from commerce_events.airflow.connections.toml import settings
from commerce_events.airflow.files import SETTINGS_FILE, shadow_folder
from commerce_events.airflow.hooks.segment import SegmentHook
from commerce_events.airflow.hooks.segment_public_api import SegmentPublicApiHook
from commerce_events.airflow.lookup import find
from commerce_events.config import Store
from commerce_events.destinations.destination import Destination
from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.destinations.shadow import ShadowClient
from commerce_events.domain.backfills import closed
from commerce_events.domain.corrections import warehouses_only
from commerce_events.domain.errors import ConfigurationError
from commerce_events.steps.correct import Routing
from commerce_events.steps.regulate import Workspace

LINES_PER_SECOND = 1_000_000.0  # a file sets no rate


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
    sent = {name: end.connection for name, end in ends.items() if end.folder is None}
    named = {name: SegmentHook(connection).settings().integrations for name, connection in sent.items()}
    return Routing({name: warehouses_only(said.keys() - {"All"}) for name, said in named.items()})


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
