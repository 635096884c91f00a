"""What an answer of Segment's Public API means."""

import re
from typing import Any

import orjson
import requests

from commerce_events.destinations.waits import retry_after
from commerce_events.domain.errors import (
    CommerceEventsError,
    ConfigurationError,
    RejectedError,
    TransientError,
)

RETRIED = frozenset({408, 425, 429}) | frozenset(range(500, 600))
MAX_SAID = 200
_ADDRESS = re.compile(r"\S+@\S+")
_CODE = re.compile(r"[\w.\[\]-]{1,60}")


def data_of(response: requests.Response, label: str, connection: str, *, writes: bool) -> dict[str, Any]:
    """The `data` of a success; else raises what should happen next.

    `writes` says that the request carried people's ids and may have been acted on.
    """
    if not 200 <= response.status_code < 300:
        raise _meaning(response, label, connection, writes)
    data = _object(response).get("data")
    if not isinstance(data, dict):
        raise TransientError(f"{label}: Segment's answer holds no data", maybe_taken=writes)
    return data


def _meaning(response: requests.Response, label: str, connection: str, writes: bool) -> CommerceEventsError:
    status = response.status_code
    said = f"{label}: Segment answered {status}{_said(response, quote=not writes)}"
    if status in RETRIED:
        return TransientError(said, after=retry_after(response), maybe_taken=writes and status != 429)
    if status in (401, 403):
        return ConfigurationError(
            f"{said}; check the token of connection {connection}, and its host: "
            "a workspace in the EU has one of its own"
        )
    if 300 <= status < 400:
        return ConfigurationError(f"{said}; check the host of connection {connection}")
    return RejectedError(said)


def _said(response: requests.Response, *, quote: bool) -> str:
    """Each error's type and field. Its message only with `quote`: it may repeat what was sent."""
    errors = _object(response).get("errors")
    found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    codes = [str(error[key]) for error in found for key in ("type", "field") if error.get(key)]
    words = [code for code in codes if _CODE.fullmatch(code)]
    words += [_ADDRESS.sub("[address]", str(error.get("message", ""))) for error in found if quote]
    text = ", ".join(filter(None, words))[:MAX_SAID]
    return f" ({text})" if text else ""


def _object(response: requests.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
