"""One HTTP exchange with the store, tried until it means something."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests

from commerce_events.domain.errors import ConfigurationError, TransientError
from commerce_events.sources.elasticpath.answers import RETRIED, Answer
from commerce_events.sources.elasticpath.pace import Paced, Patience, http_date, retry_after

# These can be anything from a lost cable to a proxy's mood; the same request may pass.
PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)

# A page is a megabyte. Read in small pieces, as by itself, it would wait for its turn beside a busy thread at
# each of them.
PIECE = 1 << 20


# What a good answer's content means; None where that is no JSON object.
Reader = Callable[[bytes], Any]


def json_object(content: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


class Exchange:
    """Sends requests at a pace, and repeats those that failed for a passing reason."""

    def __init__(
        self,
        base_url: str,
        connection: str,
        pace: Paced,
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._host = urlsplit(base_url).netloc or base_url
        self._connection = connection
        self._patience = patience
        self._sleep = sleep
        self._pace = pace

    def run(self, label: str, send: Callable[[], requests.Response], read: Reader = json_object) -> Answer:
        """The first answer that is no passing failure. Raises TransientError when patience ends."""
        waited = 0.0
        for attempt in range(self._patience.attempts):
            self._pace.take()
            outcome = self._once(label, send, read)
            if isinstance(outcome, Answer):
                return outcome
            wait = max(self._patience.backoff(attempt), outcome.after or 0.0)
            waited += wait
            if attempt + 1 == self._patience.attempts or waited > self._patience.altogether:
                raise outcome
            self._sleep(wait)
        raise ConfigurationError("a request needs at least one attempt")

    def _once(
        self, label: str, send: Callable[[], requests.Response], read: Reader
    ) -> Answer | TransientError:
        try:
            response = send()
            content = b"".join(response.iter_content(PIECE))
        except PASSING as error:
            return TransientError(
                f"{label}: {self._host} cannot be reached ({type(error).__name__});"
                f" the host is from connection {self._connection}"
            )
        except (requests.RequestException, ValueError) as error:
            raise ConfigurationError(
                f"{label}: the host of connection {self._connection} is not usable ({type(error).__name__})"
            ) from None
        return self._read(label, response, content, read)

    def _read(
        self, label: str, response: requests.Response, content: bytes, read: Reader
    ) -> Answer | TransientError:
        now = http_date(response.headers.get("Date")) or datetime.now(UTC)
        status = response.status_code
        if status in RETRIED:
            after = retry_after(response.headers.get("Retry-After"), now)
            return TransientError(f"{label}: Elastic Path answered {status}", after=after)
        good = 200 <= status < 300
        body = (read if good else json_object)(content)
        deleted = response.request.method == "DELETE"  # there may be nothing to say about what is gone
        if body is None and good and not deleted:
            kind = response.headers.get("Content-Type", "no content type").split(";")[0][:50]
            return TransientError(
                f"{label}: Elastic Path answered {status} with a body that is not JSON ({kind})"
            )
        return Answer(status, {} if body is None else body, now)
