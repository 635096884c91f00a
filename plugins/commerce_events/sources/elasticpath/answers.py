"""One answer of the store, and what it means when it is no 200."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commerce_events.domain.errors import (
    CommerceEventsError,
    ConfigurationError,
    RejectedError,
)

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
MAX_SAID = 200
_ADDRESS = re.compile(r"\S+@\S+")


class NotFoundError(RejectedError):
    """The store does not know this record."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the parsed JSON object, empty where an error came without one, or a list's page, cut."""

    status: int
    body: Any
    served_at: datetime

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def meaning(answer: Answer, label: str, connection: str) -> CommerceEventsError:
    """The error for an answer that will be the same next time; `label` is method and path."""
    said = f"{label}: Elastic Path answered {answer.status}{_said(answer.body)}"
    match answer.status:
        case 401:
            return ConfigurationError(
                f"{said}, also with a new token; check the key of connection {connection}"
            )
        case 403:
            deed = "read" if label.startswith("GET ") else "change"
            return ConfigurationError(f"{said}; the key of connection {connection} may not {deed} this")
        case status if 300 <= status < 400:
            return ConfigurationError(f"{said}; check the host of connection {connection}")
        case 404:
            return NotFoundError(said)
        case _:
            return RejectedError(said)


def _said(body: dict[str, Any]) -> str:
    """Titles and details of the error, short and without addresses."""
    errors = body.get("errors")
    found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    words = [str(error[key]) for error in found for key in ("title", "detail") if error.get(key)]
    text = _ADDRESS.sub("[address]", ": ".join(words))[:MAX_SAID]
    return f" ({text})" if text else ""
