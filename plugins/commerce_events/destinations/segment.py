"""Segment's HTTP Tracking API: composing messages and sending them in batches."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import requests

from commerce_events import __version__
from commerce_events.destinations.gzipped import gzipped
from commerce_events.destinations.waits import retry_after
from commerce_events.domain.backfills import Backfill
from commerce_events.domain.batches import Limits
from commerce_events.domain.errors import ConfigurationError, RejectedError, TransientError
from commerce_events.domain.identity import Identity
from commerce_events.domain.moments import rfc3339

LIBRARY = {"name": "commerce-events", "version": __version__}

# Connect, then wait for each part of the answer; seconds.
TIMEOUT = (10, 30)

# The statuses that Segment's own libraries repeat since 2026; every other refusal is final.
RETRIED = frozenset({408, 410, 429, 460}) | (frozenset(range(500, 600)) - {501, 505})

# Refusals of what was sent. Any other final status says that the address or the key is wrong.
CONTENT = frozenset({400, 413, 422})

PAUSE_AFTER_429 = 1.0  # where no Retry-After comes along


def compose(
    call: Mapping[str, Any],
    *,
    message_id: str,
    occurred_at: datetime,
    identity: Identity | None,
    backfill: Backfill | None = None,
    run: str | None = None,
) -> dict[str, Any]:
    """A template's call as a message: ids, time and library are set here, whatever the template says.

    `identity` None leaves userId and anonymousId to the template. A backfill names itself in `context`, and
    what it says about receivers stands above what the template says. `run` goes where Segment's counts can be
    told apart by it: it counts by `context.app.version` and by no other field of ours.
    """
    message = dict(call)
    message["messageId"] = message_id
    message["timestamp"] = rfc3339(occurred_at)
    message["context"] = _context(message.get("context"), backfill, run)
    if backfill is not None and backfill.integrations:
        message["integrations"] = dict(backfill.integrations)
    if identity is not None:
        ids = {"userId": identity.user_id, "anonymousId": identity.anonymous_id}
        message = {key: value for key, value in message.items() if key not in ids}
        message |= {key: value for key, value in ids.items() if value is not None}
    return message


def _context(said: Any, backfill: Backfill | None, run: str | None) -> dict[str, Any]:
    """`backfill` is no key of Segment's own: receivers ignore it, warehouses make it a column."""
    context = {**said} if isinstance(said, dict) else {}
    if backfill is not None:
        context["backfill"] = {"id": backfill.id}
    if run is not None:
        app = context.get("app")
        context["app"] = {**(app if isinstance(app, dict) else {}), "version": run}
    return {**context, "library": LIBRARY}


class SegmentClient:
    """Sends batches to one source. The session comes configured: proxy, TLS, pool."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        write_key: str,
        *,
        connection: str = "segment_default",
        integrations: Mapping[str, Any] | None = None,
    ) -> None:
        if (
            not write_key
            or not write_key.isascii()
            or any(sign.isspace() or sign == ":" for sign in write_key)
        ):
            raise ConfigurationError(
                f"The password of connection {connection} must be Segment's write key: "
                "it is empty or holds characters no key has"
            )
        self._session = session
        self._url = url
        self._auth = (write_key, "")
        self._connection = connection
        self._tail = b',"integrations":' + orjson.dumps(dict(integrations)) + b"}" if integrations else b"}"

    @property
    def limits(self) -> Limits:
        return Limits(envelope=len(self._envelope([], datetime.now(UTC))))

    def send(self, bodies: Sequence[bytes], *, sent_at: datetime, retries: int) -> None:
        """Return once Segment has queued the batch; raise otherwise.

        Queued is not processed: Segment answers 200 before it looks inside a message. `sent_at` is this
        attempt's time: Segment corrects every timestamp by the difference to its own clock.
        """
        body = gzipped(self._envelope(bodies, sent_at))
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        if retries:
            headers["X-Retry-Count"] = str(retries)
        self._judge(self._post(body, headers))

    def _envelope(self, bodies: Sequence[bytes], sent_at: datetime) -> bytes:
        return (
            b'{"batch":['
            + b",".join(bodies)
            + b'],"sentAt":"'
            + rfc3339(sent_at).encode()
            + b'"'
            + self._tail
        )

    def _post(self, body: bytes, headers: dict[str, str]) -> requests.Response:
        """One request. A redirect is not followed: it would turn the POST into a GET that answers 200."""
        try:
            return self._session.post(
                self._url,
                data=body,
                headers=headers,
                auth=self._auth,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.exceptions.ConnectTimeout as error:
            raise TransientError(f"Segment ({self._connection}) does not answer") from error
        except requests.RequestException as error:
            # The connection may have broken after the batch was taken.
            raise TransientError(
                f"Segment ({self._connection}) unreachable: {type(error).__name__}", maybe_taken=True
            ) from error

    def _judge(self, response: requests.Response) -> None:
        status = response.status_code
        answer = f"Segment answered {status}{_code(response)}"
        if status in RETRIED:
            after = retry_after(response) or (PAUSE_AFTER_429 if status == 429 else None)
            raise TransientError(answer, after=after, maybe_taken=status != 429)
        if 200 <= status < 300:
            self._check_success(response)
            return
        refused_key = status == 400 and b"write key" in response.content[:500]
        if status in CONTENT and not refused_key:
            raise RejectedError(answer)
        raise ConfigurationError(f"{answer}: check host, path and write key of connection {self._connection}")

    @staticmethod
    def _check_success(response: requests.Response) -> None:
        """A proxy's page is no answer of Segment's, whatever its status says."""
        if response.content.lstrip()[:1] == b"<":
            raise TransientError("Something before Segment answered 200 with a web page", maybe_taken=True)
        if _json(response).get("success") is False:
            raise RejectedError(f"Segment answered 200 without success{_code(response)}")


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _code(response: requests.Response) -> str:
    """Segment's error code, if it names one; no other part of an answer is repeated: it may hold content."""
    code = _json(response).get("code")
    return (
        f" ({code})" if isinstance(code, str) and code.replace("_", "").isalnum() and len(code) < 60 else ""
    )
