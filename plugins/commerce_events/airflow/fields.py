"""A connection's fields as checked values; a mistake names the connection, the field and what is allowed."""

from collections.abc import Mapping
from json import loads
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import Connection

from commerce_events.domain.errors import ConfigurationError


def base_url(connection: Connection) -> str:
    """Scheme, host and port, without a slash at the end; https unless the connection says otherwise."""
    host = (connection.host or "").strip().rstrip("/")
    if not host:
        raise mistake(connection, "host", "is empty; it must be a URL such as https://api.example.com")
    url = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    try:
        parts = urlsplit(url)
        port = connection.port or parts.port
    except ValueError:
        raise mistake(connection, "host", "is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise mistake(connection, "host", "must be a URL such as https://api.example.com")
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path}"


def required(connection: Connection, field: str, meaning: str) -> str:
    """A field's text without surrounding blanks, which come along when a secret is pasted."""
    value = (getattr(connection, field) or "").strip()
    if not value:
        raise mistake(connection, field, f"is empty; it must be the {meaning}")
    return str(value)


def number(connection: Connection, key: str, default: float) -> float:
    """A positive number of `extra`; text that looks like one is one, since URIs know only text."""
    value = connection.extra_dejson.get(key)
    if value in (None, ""):
        return default
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = 0.0
    if not 0 < found < float("inf"):
        raise mistake(connection, f"extra.{key}", "must be a number above 0")
    return found


def mapping(connection: Connection, key: str) -> Mapping[str, Any]:
    """A JSON object of `extra`, as it is or as text; empty when it is not there."""
    value = connection.extra_dejson.get(key)
    if value in (None, ""):
        return {}
    try:
        found = loads(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise mistake(connection, f"extra.{key}", 'must be a JSON object such as {"All": true}')
    return found


def mistake(connection: Connection, field: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"Airflow connection {connection.conn_id}: {field} {what}")
