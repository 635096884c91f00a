"""The web application as Airflow's API server mounts it, behind Airflow's own login.

Every Airflow process loads plugins, and only the API server serves this one: all that costs time is imported
with the first request.
"""

import gc
import logging
from collections.abc import Mapping, MutableMapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

    from commerce_events.domain.hints import Hint
    from commerce_events.ledger.ledger import Ledger

log = logging.getLogger(__name__)


async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    await _built()(scope, receive, send)


@cache
def _built() -> "FastAPI":
    # Not part of Airflow's stable interface: the one place that needs it, and why Airflow is held below 3.4.
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
    from airflow.api_fastapi.core_api.security import requires_access_view

    from commerce_events.web.app import create_app
    from commerce_events.web.door import WebhookDoor
    from commerce_events.web.keyring import Keyring
    from commerce_events.web.postbox import Postbox

    door = WebhookDoor(Keyring(_secrets), Postbox(_keep))
    built = create_app(requires_access_view(AccessView.PLUGINS), _ledger, door)
    _leave_what_is_there()
    return built


def _leave_what_is_there() -> None:
    """Take what the API server holds by now out of the garbage collector's sight: it stays in any case. When
    webhooks come, the collector looks through all it sees once a second, and meanwhile everybody waits: a
    quarter of a second, for what a started Airflow holds.
    """
    gc.collect()
    gc.freeze()


@cache
def _ledger() -> "Ledger":
    """Opened once; where that failed, the next request tries again."""
    from commerce_events.airflow import connections

    return connections.open_ledger()


def _keep(hints: "Sequence[Hint]") -> int:
    from commerce_events.airflow.wall import now

    return _ledger().inbox.keep(hints, now())


def _secrets() -> Mapping[str, Sequence[str] | None]:
    from commerce_events.airflow import connections

    return connections.webhook_secrets()
