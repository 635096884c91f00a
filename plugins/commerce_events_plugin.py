"""The one Airflow plugin: what this project serves over HTTP, below /commerce-events."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from commerce_events.airflow.web_app import app


class CommerceEventsPlugin(AirflowPlugin):
    name = "commerce_events"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [
        {"app": app, "url_prefix": "/commerce-events", "name": "commerce-events"}
    ]
