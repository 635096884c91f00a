"""How a local Airflow is told about the stand-ins: their connections and a commerce.toml of its own."""

import tomllib
from pathlib import Path
from typing import Any

from commerce_events.config import DEMO_NAMESPACE, settings_of
from commerce_events.sandbox.run import Sandbox
from commerce_events.steps.observed import observed

SCRATCH = Path(".demo")

SETTINGS = f"""\
# Made for the sandbox. Yours is include/commerce.toml in the repository.
[stores.main]
namespace = "{DEMO_NAMESPACE}"
start = 2000-01-01T00:00:00Z

[stores.main.identity]
anonymous_id_field = "custom_attributes.session_id"

[stores.main.traits]
custom = ["loyalty_tier"]
computed = true

[stores.main.consent]
field = "marketing_consent"

[stores.main.lines]
shipping_skus = ["__shipping_*", "STANDARD-DELIVERY"]
tax_skus = ["tax_amount"]
"""

WEBHOOK_SECRET = "sandbox-webhook-secret"  # opens nothing but the door of a local Airflow
DOOR = "/commerce-events/webhooks/elasticpath/main"


def connections_to(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    store, segment, public_api = sandbox.store, sandbox.segment, sandbox.public_api
    return {
        "elasticpath_default": {
            "conn_type": "elasticpath",
            "host": store.url,
            "login": store.client_id,
            "password": store.client_secret,
            "extra": {"requests_per_second": 100},
        },
        "segment_default": {
            "conn_type": "segment",
            "host": segment.url,
            "password": min(segment.write_keys),
        },
        "segment_public_api_default": {
            "conn_type": "segment_public_api",
            "host": public_api.url,
            "password": public_api.token,
        },
    }


def connections_with_door(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The same, and the store's webhooks are let in."""
    made = connections_to(sandbox)
    made["elasticpath_default"]["extra"]["webhook_secret"] = WEBHOOK_SECRET
    return made


def announce_to(airflow: str, sandbox: Sandbox) -> None:
    """Have the store tell the Airflow at this address what happens in it."""
    events = observed(settings_of(tomllib.loads(SETTINGS)).stores["main"])
    sandbox.store.integrations.webhook(f"{airflow}{DOOR}", WEBHOOK_SECRET, *events)
