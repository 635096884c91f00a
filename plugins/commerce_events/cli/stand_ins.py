"""How a local Airflow is told about the stand-ins: their connections and a commerce.toml of its own."""

from pathlib import Path
from typing import Any

from commerce_events.config import DEMO_NAMESPACE
from commerce_events.sandbox.run import Sandbox

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
