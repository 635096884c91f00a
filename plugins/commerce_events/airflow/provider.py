"""What Airflow shows of us: the kinds of connection and the fields of their forms."""

from typing import Any

PACKAGE = "commerce-events"
HOOKS = "commerce_events.airflow.hooks"


def get_provider_info() -> dict[str, Any]:
    """Airflow's entry point `apache_airflow_provider`; no hook is imported to draw a form."""
    return {
        "package-name": PACKAGE,
        "name": "Commerce events",
        "description": "Connections to an Elastic Path store and to Segment.",
        "connection-types": [_elasticpath(), _segment(), _segment_public_api()],
        "asset-uris": [
            {
                "schemes": ["commerce", "segment"],
                "handler": "commerce_events.airflow.asset_uris.sanitize_uri",
                "to_openlineage_converter": "commerce_events.airflow.asset_uris.to_openlineage",
            }
        ],
    }


def _elasticpath() -> dict[str, Any]:
    return {
        "connection-type": "elasticpath",
        "hook-name": "Elastic Path",
        "hook-class-name": f"{HOOKS}.elasticpath.ElasticPathHook",
        "ui-field-behaviour": {
            "hidden-fields": ["port", "schema"],
            "relabeling": {"host": "API base URL", "login": "Client id", "password": "Client secret"},
            "placeholders": {"host": "https://euwest.api.elasticpath.com"},
        },
        "conn-fields": {
            "requests_per_second": _field(
                "Requests per second",
                "Our own limit, below the store's. Elastic Path allows 100 in production.",
                {"type": ["number", "null"], "minimum": 0.1, "default": 10},
            ),
            "webhook_secret": _field(
                "Webhook secret",
                "Comes with what the store posts to us; empty without webhooks.",
                {"type": ["string", "null"], "format": "password"},
            ),
            "webhook_secret_previous": _field(
                "Previous webhook secret",
                "Still taken while the store learns the new one; empty otherwise.",
                {"type": ["string", "null"], "format": "password"},
            ),
            "identity_key": _field(
                "Identity key",
                "Hashes guests' addresses into ids; empty: one is made and kept in the ledger.",
                {"type": ["string", "null"], "format": "password"},
            ),
        },
    }


def _segment() -> dict[str, Any]:
    return {
        "connection-type": "segment",
        "hook-name": "Segment",
        "hook-class-name": f"{HOOKS}.segment.SegmentHook",
        "ui-field-behaviour": {
            "hidden-fields": ["login", "port", "schema"],
            "relabeling": {"host": "API host", "password": "Write key"},
            "placeholders": {"host": "https://api.segment.io"},
        },
        "conn-fields": {
            "path": _field(
                "Path",
                "Where batches are posted, below the host.",
                {"type": ["string", "null"], "default": "/v1/batch"},
            ),
            "max_events_per_second": _field(
                "Events per second",
                "Our own limit. Segment slows what comes faster than 1,000 a second per workspace.",
                {"type": ["integer", "null"], "minimum": 1, "default": 1000},
            ),
            "integrations": _field(
                "Integrations",
                'JSON put into every batch, such as {"All": true}; empty leaves it to Segment.',
                {"type": ["string", "null"]},
            ),
        },
    }


def _segment_public_api() -> dict[str, Any]:
    return {
        "connection-type": "segment_public_api",
        "hook-name": "Segment Public API",
        "hook-class-name": f"{HOOKS}.segment_public_api.SegmentPublicApiHook",
        "ui-field-behaviour": {
            "hidden-fields": ["login", "port", "schema"],
            "relabeling": {"host": "API host (empty: the US)", "password": "Token"},
            "placeholders": {"host": "https://api.segmentapis.com"},
        },
        "conn-fields": {},
    }


def _field(label: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": schema}
