"""The one door from Airflow to our objects: settings and connections go in, opened things come out.

The same functions serve a task, Airflow's servers and the plain command line.
"""

from commerce_events.airflow.connections.doors import open_integrations, webhook_secret, webhook_secrets
from commerce_events.airflow.connections.ledger import open_ledger
from commerce_events.airflow.connections.receivers import (
    correction_routing,
    open_destination,
    open_destinations,
    open_public_api,
    open_workspaces,
    routing,
)
from commerce_events.airflow.connections.rendering import renderer, renderers
from commerce_events.airflow.connections.stores import (
    open_inbox,
    open_store,
    open_stream,
    refuse_the_sandbox_namespace,
    run_id,
)
from commerce_events.airflow.connections.toml import (
    alert_notifiers,
    health,
    people_streams,
    retention,
    settings,
    store_names,
    store_settings,
)

__all__ = [
    "alert_notifiers",
    "correction_routing",
    "health",
    "open_destination",
    "open_destinations",
    "open_inbox",
    "open_integrations",
    "open_ledger",
    "open_public_api",
    "open_store",
    "open_stream",
    "open_workspaces",
    "people_streams",
    "refuse_the_sandbox_namespace",
    "renderer",
    "renderers",
    "retention",
    "routing",
    "run_id",
    "settings",
    "store_names",
    "store_settings",
    "webhook_secret",
    "webhook_secrets",
]
