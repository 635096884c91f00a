"""A record that could not be read, as it is kept for a person to look at."""

from typing import Any

import orjson

from commerce_events.domain.errors import BadRecordError
from commerce_events.domain.records import Reject
from commerce_events.sources.elasticpath.answers import NotFoundError
from commerce_events.sources.elasticpath.documents import without_secrets
from commerce_events.sources.source import NOT_FOUND

# What a document of an unforeseen shape can raise in the translation. It costs that record, not its page.
UNFORESEEN = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)


def reject(record_id: str | None, error: Exception, document: dict[str, Any]) -> Reject:
    match error:
        case BadRecordError():
            reason, path, message = error.reason, error.path, str(error)
        case NotFoundError():
            reason, path, message = NOT_FOUND, "$", str(error)
        case _ if isinstance(error, UNFORESEEN):  # its text may quote the content
            reason, path, message = "unreadable", "$", f"has an unforeseen shape ({type(error).__name__})"
        case _:
            reason, path, message = "refused", "$", str(error)
    return Reject(record_id, reason, path, message, _redacted(document))


def _redacted(document: dict[str, Any]) -> bytes:
    """What a person needs to see why; nothing, where not even that can be written down."""
    try:
        return orjson.dumps(without_secrets(document))
    except UNFORESEEN:
        return b""
