"""What our hooks share: a session by Airflow's conventions that tells the other side nothing extra."""

import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk import Connection
from requests import PreparedRequest, Response, Session
from requests_toolbelt.adapters.socket_options import TCPKeepAliveAdapter

from commerce_events.airflow import metrics
from commerce_events.airflow.fields import base_url
from commerce_events.airflow.lookup import connection

# Keys of `extra` that Airflow's HTTP connections know, by the name that a request takes.
TRANSPORT = {
    "proxies": "proxies",
    "proxy": "proxies",
    "verify": "verify",
    "verify_ssl": "verify",
    "cert": "cert",
    "timeout": "timeout",
    "trust_env": "trust_env",
    "max_redirects": "max_redirects",
    "allow_redirects": "allow_redirects",
}
POOL = 64  # open connections to one host; more than the threads that any step starts
SECONDS = 30.0  # for callers that name no time-out: no request waits for ever
USER_AGENT = f"commerce-events/{version('commerce-events')}"


class ServiceHook(HttpHook):
    """`HttpHook` sends every unknown key of `extra` as a request header. Ours holds secrets: none is sent."""

    def get_conn(
        self, headers: dict[Any, Any] | None = None, extra_options: dict[str, Any] | None = None
    ) -> Session:
        """A session with the connection's proxy, TLS and time-out settings, and no credentials."""
        record = self.get_connection(self.http_conn_id)
        self._set_base_url(record)
        options = {**_transport(record.extra_dejson), **_transport(extra_options or {})}
        self.merged_extra = {**(extra_options or {}), **options}
        return _session(self.http_conn_id, options, headers or {})

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        return connection(conn_id)

    def _set_base_url(self, connection: Connection) -> None:
        self.base_url = base_url(connection)
        self._base_url_initialized = True


class BoundedAdapter(TCPKeepAliveAdapter):  # type: ignore[misc]  # the library has no types
    """Gives every request a time-out, the connection's, else the caller's, else ours, and measures it."""

    def __init__(self, service: str, seconds: float | None) -> None:
        self._service = service
        self._seconds = seconds
        super().__init__(idle=120, count=20, interval=30, pool_connections=2, pool_maxsize=POOL)

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        options["timeout"] = self._seconds or options.get("timeout") or SECONDS
        begun = time.monotonic()
        status = None
        try:
            response: Response = super().send(request, **options)
            status = response.status_code
        finally:
            metrics.called(self._service, time.monotonic() - begun, status)
        return response


def _transport(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {name: extra[key] for key, name in TRANSPORT.items() if extra.get(key) is not None}


def _session(service: str, options: Mapping[str, Any], headers: Mapping[str, str]) -> Session:
    session = Session()
    session.auth = _as_it_is
    session.proxies = dict(options.get("proxies", {}))
    session.verify = options.get("verify", True)
    session.cert = options.get("cert")
    session.trust_env = options.get("trust_env", True)
    session.max_redirects = options.get("max_redirects", session.max_redirects)
    session.headers.update({"User-Agent": USER_AGENT, **headers})
    adapter = BoundedAdapter(service, options.get("timeout"))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """Stands where credentials would: without any, requests looks for some in the user's .netrc."""
    return request
