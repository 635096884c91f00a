"""Through which stores announce their changes, and what opens it."""

import logging

from commerce_events.airflow.connections.toml import settings
from commerce_events.airflow.hooks.elasticpath import ElasticPathHook
from commerce_events.config import Store
from commerce_events.domain.errors import CommerceEventsError, ConfigurationError
from commerce_events.sources.elasticpath.integrations import Integrations
from commerce_events.sources.elasticpath.pace import BRIEF

log = logging.getLogger(__name__)

LEAST_SECRET = 16  # whoever guesses it may leave hints
NEW_SECRET = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"


def open_integrations(store: Store) -> Integrations:
    """What the store tells others of, for a person who waits for the answer."""
    return Integrations(ElasticPathHook(store.connection).client(BRIEF))


def webhook_secrets() -> dict[str, tuple[str, ...] | None]:
    """What opens each store's webhook door; None where its connection cannot be looked up just now."""
    return {name: _webhook_secrets(store) for name, store in settings().stores.items()}


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


def _webhook_secrets(store: Store) -> tuple[str, ...] | None:
    try:
        return ElasticPathHook(store.connection).settings().webhook_secrets
    except CommerceEventsError as error:
        log.warning("store %s: its webhook secret is unknown: %s", store.name, error)
        return None
