"""Segment's Public API: what a workspace holds, and requests to erase people. Messages go elsewhere."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
import requests

from commerce_events.destinations.public_api_answers import data_of
from commerce_events.destinations.regulations import Regulation
from commerce_events.destinations.waits import seconds_until
from commerce_events.domain.errors import ConfigurationError, TransientError

# The API's version is chosen by what is accepted.
STABLE = "application/vnd.segment.v1+json"
BETA = "application/vnd.segment.v1beta+json"

TIMEOUT = (10.0, 60.0)  # seconds to connect, and of silence
PAUSES = (1.0, 2.0, 4.0, 8.0)  # before each further attempt, unless Segment asks for longer
LONGEST_WAIT = 90.0  # its limits are per minute; whoever asks for more is left to the next run
PAGE = 200  # Segment's own default, and what every page of its documents allows


class SegmentPublicApi:
    """`session` comes configured: proxy, TLS, pool. One thread at a time."""

    def __init__(
        self,
        session: requests.Session,
        base_url: str,
        token: str,
        *,
        connection: str = "segment_public_api_default",
        pauses: Sequence[float] = PAUSES,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        _check(base_url, token, connection)
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._token = token
        self._connection = connection
        self._pauses = pauses
        self._clock = clock
        self._sleep = sleep
        self._closed_until = clock()

    def echo(self) -> None:
        """Return if Segment answers and knows the token."""
        self.get("/echo", {"message": "commerce-events"})

    def sources(self) -> Iterator[dict[str, Any]]:
        """All sources of the workspace, as Segment describes them."""
        return self.pages("/sources", "sources")

    def regulate(self, kind: str, user_ids: Sequence[str]) -> str:
        """File one regulation for at most `MAX_SUBJECTS` users; returns its id.

        TransientError with `maybe_taken` where Segment may have filed it: this call never repeats that.
        """
        asked = {"regulationType": kind, "subjectType": "USER_ID", "subjectIds": list(user_ids)}
        headers = {"Accept": STABLE, "Content-Type": "application/json"}
        data = self._ask("POST", "/regulations", data=orjson.dumps(asked), headers=headers)
        filed = data.get("regulateId")
        if not isinstance(filed, str) or not filed:
            raise TransientError("POST /regulations: Segment named no regulation", maybe_taken=True)
        return filed

    def regulation(self, regulation_id: str) -> Regulation:
        """How far it has come. RejectedError where Segment does not know it, or no more."""
        path = f"/regulations/{quote(regulation_id, safe='')}"
        found = self.get(path).get("regulation")
        if not isinstance(found, dict) or not found.get("overallStatus"):
            raise TransientError(f"GET {path}: Segment's answer holds no status")
        return Regulation.read(found)

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, *, accept: str = STABLE
    ) -> dict[str, Any]:
        """The answer's `data`. `path` is shown in errors, `query` never; lists and mappings in it nest."""
        return self._ask("GET", path, params=dict(_dotted("", query or {})), headers={"Accept": accept})

    def pages(
        self, path: str, key: str, query: Mapping[str, Any] | None = None, *, accept: str = STABLE
    ) -> Iterator[dict[str, Any]]:
        """What stands under `key`, over all pages."""
        cursor: str | None = None
        while True:
            page = {"pagination": {"count": PAGE, "cursor": cursor}}
            data = self.get(path, {**(query or {}), **page}, accept=accept)
            yield from data.get(key) or ()
            before, cursor = cursor, (data.get("pagination") or {}).get("next")
            if not cursor:
                return
            if cursor == before:
                raise TransientError(f"GET {path}: Segment's pages do not move on")

    def _ask(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        """One request, repeated while that can help and cannot do anything twice."""
        for pause in self._pauses:
            try:
                return self._once(method, path, sent)
            except TransientError as error:
                wait = max(error.after or 0.0, pause)
                if error.maybe_taken or wait > LONGEST_WAIT:
                    raise
            self._sleep(wait)
        return self._once(method, path, sent)

    def _once(self, method: str, path: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        self._await_the_window()
        label, writes, url = f"{method} {path}", method != "GET", self._base_url + path
        how: dict[str, Any] = {"auth": self._signed, "timeout": TIMEOUT, "allow_redirects": False}
        try:
            response = self._session.request(method, url, **sent, **how)
        except requests.exceptions.ConnectTimeout as error:
            raise TransientError(f"{label}: Segment ({self._connection}) does not answer") from error
        except requests.RequestException as error:
            # The connection may have broken after the request was taken.
            reason = f"{label}: Segment ({self._connection}) unreachable: {type(error).__name__}"
            raise TransientError(reason, maybe_taken=writes) from error
        self._mind_the_window(response)
        return data_of(response, label, self._connection, writes=writes)

    def _signed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """As `auth`, since a plain header would lose to a `.netrc` entry for the host."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def _mind_the_window(self, response: requests.Response) -> None:
        """A window used up is waited out before the next request, not after a refusal.

        A longer one is not ours to wait for: regulations count against a month.
        """
        if response.status_code != 429 and response.headers.get("X-RateLimit-Remaining") == "0":
            wait = seconds_until(response, "X-RateLimit-Reset")
            if wait is not None and wait <= LONGEST_WAIT:
                self._closed_until = self._clock() + wait

    def _await_the_window(self) -> None:
        wait = self._closed_until - self._clock()
        if wait > 0:
            self._sleep(wait)


def _dotted(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Segment's spelling of nested parameters: pagination.count=200, groupBy.0=eventName."""
    if value is None:
        return
    if isinstance(value, Mapping):
        inner = list(value.items())
    elif isinstance(value, list | tuple):
        inner = list(enumerate(value))
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)
        return
    for key, part in inner:
        yield from _dotted(f"{name}.{key}" if name else str(key), part)


def _check(base_url: str, token: str, connection: str) -> None:
    if not base_url.startswith(("https://", "http://")):
        raise ConfigurationError(
            f"connection {connection}: its host must be the API's URL, as in https://api.segmentapis.com"
        )
    if not token or not all("!" <= sign <= "~" for sign in token):
        raise ConfigurationError(
            f"connection {connection}: its password must be a Public API token: "
            "it is empty or holds characters no token has"
        )
