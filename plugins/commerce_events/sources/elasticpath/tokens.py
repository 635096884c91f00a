"""The access token: asked for once, shared by threads, renewed before it ends."""

from collections.abc import Callable
from threading import Lock

import requests

from commerce_events.domain.errors import ConfigurationError, TransientError
from commerce_events.sources.elasticpath.answers import Answer, meaning
from commerce_events.sources.elasticpath.exchange import Exchange

RENEW_BEFORE = 60.0
DEFAULT_LIFE = 3600.0
LABEL = "POST /oauth/access_token"


class Bearer(requests.auth.AuthBase):
    """Sets the header itself: a plain header would lose to a `.netrc` entry for the host."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Tokens:
    """Client credentials in, bearer tokens out. `post` sends the form to the token endpoint."""

    def __init__(
        self,
        exchange: Exchange,
        post: Callable[[], requests.Response],
        connection: str,
        clock: Callable[[], float],
    ) -> None:
        self._exchange = exchange
        self._post = post
        self._connection = connection
        self._clock = clock
        self._lock = Lock()
        self._bearer: Bearer | None = None
        self._renew_at = 0.0

    def current(self) -> Bearer:
        with self._lock:
            if self._bearer is None or self._clock() >= self._renew_at:
                self._bearer = self._ask()
            return self._bearer

    def drop(self, refused: Bearer) -> None:
        """Forget a token that was refused, unless another thread has renewed it already."""
        with self._lock:
            if self._bearer is refused:
                self._bearer = None

    def _ask(self) -> Bearer:
        asked_at = self._clock()
        answer = self._exchange.run(LABEL, self._post)
        if not answer.ok:
            raise self._refusal(answer)
        token = answer.body.get("access_token")
        if not isinstance(token, str) or not token:
            raise TransientError(f"{LABEL}: Elastic Path answered without an access token")
        life = answer.body.get("expires_in")
        life = float(life) if isinstance(life, int | float) and life > 0 else DEFAULT_LIFE
        self._renew_at = asked_at + life - min(RENEW_BEFORE, life / 2)
        return Bearer(token)

    def _refusal(self, answer: Answer) -> Exception:
        if answer.status in (400, 401, 403, 422):
            return ConfigurationError(
                f"Elastic Path refused the client id and secret of connection {self._connection}"
                f" ({answer.status}); check its login and password, and that its host is of the same region"
            )
        return ConfigurationError(f"{meaning(answer, LABEL, self._connection)}; is it the API's base URL?")
