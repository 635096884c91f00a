"""How a store's facts become messages, from the files in include."""

from commerce_events.airflow.connections.toml import settings
from commerce_events.airflow.files import golden_folder, include_folder
from commerce_events.config import Store
from commerce_events.contracts.contracts import Contracts
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.render import Receiver, Renderer
from commerce_events.templates.library import Templates


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
