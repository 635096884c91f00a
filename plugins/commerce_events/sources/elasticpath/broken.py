"""JSON with texts that are none: halves of characters, and bytes that are no UTF-8.

They are let through as what no writer of JSON takes, so that they cost the record that they stand in, and
neither the page around it nor whoever waits for that record.
"""

import json
from typing import Any

from commerce_events.sources.elasticpath.exchange import json_object


def parsed(content: bytes) -> Any:
    """Raises ValueError or RecursionError where it is no JSON for all that."""
    return json.loads(content.decode(errors="surrogateescape"))


def object_of_any_text(content: bytes) -> dict[str, Any] | None:
    """None where it is no JSON object for all that, or holds a number that is none."""
    found = json_object(content)
    if found is not None:
        return found
    try:
        body = parsed(content)
        json.dumps(body, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
