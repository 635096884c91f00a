"""What commerce.toml says, read anew each time it is asked for."""

from commerce_events.airflow.files import SETTINGS_FILE, include_folder
from commerce_events.airflow.notifiers import notifiers
from commerce_events.config import Health, Retention, Settings, Store, load_settings
from commerce_events.domain.errors import ConfigurationError
from commerce_events.steps.watch import Notifier


def settings() -> Settings:
    """commerce.toml, read anew; ConfigurationError names every mistake in it."""
    return load_settings(include_folder() / SETTINGS_FILE)


def retention() -> Retention:
    return settings().retention


def alert_notifiers() -> dict[str, Notifier]:
    """Whom changes are told, by commerce.toml."""
    return notifiers(settings().alerts.notify)


def health() -> Health:
    return settings().health


def store_names() -> list[str]:
    return list(settings().stores)


def people_streams() -> list[str]:
    """The streams of people that stores want read, as `open_stream` takes them: store/stream."""
    return [f"{name}/{stream}" for name, store in settings().stores.items() for stream in store.people]


def store_settings(name: str) -> Store:
    known = settings().stores
    if name not in known:
        raise ConfigurationError(f"{SETTINGS_FILE} has no store {name!r}; it has {', '.join(known)}")
    return known[name]
