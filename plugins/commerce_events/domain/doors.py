"""Where the webhook door is: below whatever address a store reaches this Airflow at."""

from urllib.parse import urlsplit

from commerce_events.domain.errors import ConfigurationError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def door_path(store: str) -> str:
    return f"/commerce-events/webhooks/elasticpath/{store}"


def require_door(url: str, store: str) -> None:
    """Raise ConfigurationError unless the address may be given to a store."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigurationError("--url is no address") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ConfigurationError("--url must begin with https://: the secret travels with every webhook")
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise ConfigurationError("--url must be a host and a path, and nothing that says who asks")
    if not parts.path.endswith(door_path(store)):
        raise ConfigurationError(f"--url must end in {door_path(store)}, where the door of store {store} is")
