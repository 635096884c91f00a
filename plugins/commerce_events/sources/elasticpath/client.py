"""Talks to Elastic Path's API; an answer comes back, or an error that says what happens next."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import requests

from commerce_events.domain.errors import ConfigurationError
from commerce_events.sources.elasticpath.answers import Answer, meaning
from commerce_events.sources.elasticpath.broken import object_of_any_text
from commerce_events.sources.elasticpath.exchange import Exchange, Reader, json_object
from commerce_events.sources.elasticpath.pace import PATIENCE, Pace, Paced, Patience
from commerce_events.sources.elasticpath.pieces import cut
from commerce_events.sources.elasticpath.tokens import Tokens

# A store's limit is 25 (development) to 100 requests a second, shared with its shop.
REQUESTS_PER_SECOND = 10.0
TIMEOUT = (10.0, 60.0)  # seconds to connect, and of silence


class ElasticPathClient:
    """`session` comes from the hook, with proxy and TLS settings. Threads may share a client.

    `pace` is one that others share; without it the client keeps `requests_per_second` by itself.
    """

    def __init__(
        self,
        session: requests.Session,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        connection: str = "elasticpath_default",
        requests_per_second: float = REQUESTS_PER_SECOND,
        pace: Paced | None = None,
        patience: Patience = PATIENCE,
        timeout: tuple[float, float] = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        _check(base_url, client_id, client_secret, requests_per_second, connection)
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._connection = connection
        self._timeout = timeout
        pace = pace or Pace(requests_per_second, clock, sleep)
        self._exchange = Exchange(self._base_url, connection, pace, patience, clock, sleep)
        self._tokens = Tokens(self._exchange, self._ask_for_token, connection, clock)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """A 200 with a JSON object. `path` is shown in errors and logs, `query` never."""
        return self._ask("GET", path, params=dict(query or {}))

    def record(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """As `get`, of a record or a part of it, also where a text in it is broken."""
        return self._ask("GET", path, object_of_any_text, params=dict(query or {}))

    def page(self, path: str, query: Mapping[str, str]) -> Answer:
        """As `get`, of a list: the body is a `CutPage`."""
        return self._ask("GET", path, cut, params=dict(query))

    def send(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Answer:
        """Write `data`. An attempt whose answer was lost is repeated: what was asked may be done twice."""
        return self._ask(method, path, json=None if data is None else {"data": data})

    def _ask(self, method: str, path: str, read: Reader = json_object, **content: Any) -> Answer:
        label = f"{method} {path}"
        bearer = self._tokens.current()
        once = partial(self._once, method, path, content)
        answer = self._exchange.run(label, once, read)
        if answer.status == 401:
            self._tokens.drop(bearer)  # revoked, or its clock is not ours: one new token, once
            answer = self._exchange.run(label, once, read)
        if not answer.ok:
            raise meaning(answer, label, self._connection)
        return answer

    def _once(self, method: str, path: str, content: Mapping[str, Any]) -> requests.Response:
        return self._session.request(
            method,
            self._base_url + path,
            auth=self._tokens.current(),  # asked for here: waits between attempts may outlast a token
            headers={"Accept": "application/json"},
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
            **content,
        )

    def _ask_for_token(self) -> requests.Response:
        return self._session.post(
            self._base_url + "/oauth/access_token",
            data={"grant_type": "client_credentials", **self._credentials},
            auth=_anonymous,
            headers={"Accept": "application/json"},
            timeout=self._timeout,
            allow_redirects=False,
        )


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No credentials in a header: without this, requests would send what a `.netrc` says of the host."""
    return request


def _check(base_url: str, client_id: str, client_secret: str, per_second: float, connection: str) -> None:
    if not base_url.startswith(("https://", "http://")):
        raise ConfigurationError(
            f"connection {connection}: its host must be the API's base URL, as in"
            " https://euwest.api.elasticpath.com"
        )
    if not client_id or not client_secret:
        raise ConfigurationError(
            f"connection {connection}: its login must be the client id and its password the client secret"
        )
    if not per_second > 0:
        raise ConfigurationError(f"connection {connection}: requests_per_second must be more than 0")
