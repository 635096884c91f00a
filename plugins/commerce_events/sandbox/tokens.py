"""Access tokens for client credentials, as the store issues and forgets them."""

from hashlib import sha256
from threading import Lock
from urllib.parse import parse_qsl

from commerce_events.sandbox.answers import bad_token_request, document
from commerce_events.sandbox.clock import StoreClock
from commerce_events.sandbox.wire import Request, Response

FORM = "application/x-www-form-urlencoded"


class Tokens:
    """Expiry follows the store's clock, so that a test may pass an hour in no time."""

    def __init__(self, clock: StoreClock, client_id: str, client_secret: str) -> None:
        self.seconds = 3600
        self.issued = 0
        self._clock = clock
        self._wanted = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._expires: dict[str, float] = {}
        self._lock = Lock()

    def issue(self, request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith(FORM):
            return bad_token_request(400, "Bad Request")
        given = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        if given.get("grant_type") != "client_credentials":
            return bad_token_request(400, "Unsupported grant type")
        if any(given.get(name) != value for name, value in self._wanted.items()):
            return bad_token_request(401, "Unauthorized")
        return document(self._new())

    def _new(self) -> dict[str, object]:
        now = self._clock.now().timestamp()
        with self._lock:
            self.issued += 1
            token = sha256(f"{self._wanted['client_id']} {self.issued}".encode()).hexdigest()[:40]
            self._expires[token] = now + self.seconds
        return {
            "expires": int(now + self.seconds),
            "identifier": "client_credentials",
            "expires_in": self.seconds,
            "access_token": token,
            "token_type": "Bearer",
        }

    def accept(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            expires = self._expires.get(token)
        return scheme == "Bearer" and expires is not None and self._clock.now().timestamp() < expires

    def revoke(self) -> None:
        """Every token issued so far is unknown from now on."""
        with self._lock:
            self._expires.clear()
