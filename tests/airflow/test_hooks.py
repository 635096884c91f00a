"""The hooks: what a connection's fields become, and what leaves the house."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from loopback import Loopback

from commerce_events.airflow.hooks.elasticpath import ElasticPathHook
from commerce_events.airflow.hooks.segment import SegmentHook
from commerce_events.airflow.hooks.segment_public_api import SegmentPublicApiHook
from commerce_events.airflow.hooks.service import POOL, SECONDS, ServiceHook
from commerce_events.domain.errors import ConfigurationError
from commerce_events.sandbox.segment import SegmentStandIn
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.steps.complete import AT_ONCE

Give = Callable[..., None]

STORE = {
    "conn_type": "elasticpath",
    "host": "https://api.example.com",
    "login": "client",
    "password": "s3cret",
}
SEGMENT = {"conn_type": "segment", "host": "https://segment.example.com", "password": "writekey"}
PUBLIC_API = {"conn_type": "segment_public_api", "host": "https://api.example.com", "password": "sgp_tok3n"}
ALL = [
    (ElasticPathHook("mine"), STORE),
    (SegmentHook("mine"), SEGMENT),
    (SegmentPublicApiHook("mine"), PUBLIC_API),
]
SECRETS = {"webhook_secret": "whsec-1", "identity_key": "idkey-1", "anything": "else-1", "X-Token": "tok-1"}


@pytest.mark.parametrize(("hook", "fields"), ALL)
def test_no_key_of_extra_becomes_a_header(
    give_connection: Give, server: Loopback, hook: ServiceHook, fields: dict[str, Any]
) -> None:
    give_connection("mine", **{**fields, "host": server.url, "extra": SECRETS})

    with hook.get_conn() as session:
        session.get(server.url)
        session.post(server.url, data=b"x")
    hook.run("/path")

    sent = str([request.headers for request in server.heard])
    assert len(server.heard) == 3
    assert not [word for word in (*SECRETS, *SECRETS.values()) if word.lower() in sent.lower()]


@pytest.mark.parametrize(("hook", "fields"), ALL)
def test_a_session_carries_no_credentials_of_its_own(
    give_connection: Give,
    server: Loopback,
    hook: ServiceHook,
    fields: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    give_connection("mine", **{**fields, "host": server.url})
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else")
    monkeypatch.setenv("NETRC", str(netrc))

    with hook.get_conn() as session:
        session.get(server.url)

    assert "Authorization" not in server.heard[0].headers


def test_airflows_own_http_hook_would_leak_them(give_connection: Give, server: Loopback) -> None:
    """The reason for our `get_conn`: should this fail, Airflow has mended it."""
    from airflow.providers.http.hooks.http import HttpHook

    give_connection("mine", **{**STORE, "host": server.url, "extra": {"webhook_secret": "whsec-1"}})

    HttpHook(method="GET", http_conn_id="mine").run("/")

    assert server.heard[0].headers["webhook_secret"] == "whsec-1"


def test_proxy_certificates_and_time_out_come_from_extra(give_connection: Give) -> None:
    transport = {
        "proxies": {"https": "http://proxy:3128"},
        "verify": "/ca.pem",
        "cert": "/c.pem",
        "timeout": 7,
    }
    give_connection("mine", **{**STORE, "extra": transport})

    with ElasticPathHook("mine").get_conn() as session:
        assert session.proxies == {"https": "http://proxy:3128"}
        assert (session.verify, session.cert) == ("/ca.pem", "/c.pem")


def test_no_request_waits_for_ever(give_connection: Give) -> None:
    give_connection("slow", **{**STORE, "host": "http://127.0.0.1:9", "extra": {"timeout": 0.05}})
    give_connection("plain", **STORE)

    with ElasticPathHook("slow").get_conn() as session:
        assert session.get_adapter("http://x")._seconds == 0.05  # type: ignore[attr-defined]
    with ElasticPathHook("plain").get_conn() as session:
        assert session.get_adapter("https://x")._seconds is None  # type: ignore[attr-defined]
    assert SECONDS < 120


def test_a_time_out_of_the_connection_ends_a_request(give_connection: Give) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        host = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        give_connection("mine", **{**STORE, "host": host, "extra": {"timeout": 0.1}})
        with ElasticPathHook("mine").get_conn() as session, pytest.raises(requests.ReadTimeout):
            session.get(host, timeout=60)


def test_an_elastic_path_connection_becomes_settings(give_connection: Give) -> None:
    give_connection("mine", **{**STORE, "extra": {"requests_per_second": "25", "webhook_secret": "w"}})

    settings = ElasticPathHook("mine").settings()

    assert settings.base_url == "https://api.example.com"
    assert (settings.client_id, settings.client_secret) == ("client", "s3cret")
    assert settings.requests_per_second == 25
    assert (settings.webhook_secret, settings.identity_key) == ("w", None)


def test_a_segment_connection_becomes_settings(give_connection: Give) -> None:
    give_connection("mine", **SEGMENT)
    give_connection("eu", **{**SEGMENT, "extra": {"path": "v2/b", "integrations": '{"All": false}'}})

    plain, own = SegmentHook("mine").settings(), SegmentHook("eu").settings()

    assert (plain.url, plain.max_events_per_second) == ("https://segment.example.com/v1/batch", 1000)
    assert (own.url, own.integrations) == ("https://segment.example.com/v2/b", {"All": False})


def test_a_public_api_connection_becomes_settings(give_connection: Give) -> None:
    give_connection("us", **{**PUBLIC_API, "host": None})
    give_connection("eu", **PUBLIC_API)

    us, eu = SegmentPublicApiHook("us"), SegmentPublicApiHook("eu")

    assert (us.settings().base_url, eu.settings().base_url) == (
        "https://api.segmentapis.com",
        "https://api.example.com",
    )
    us.get_conn()
    assert us.base_url == "https://api.segmentapis.com"


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "api.example.com"}, "https://api.example.com"),
        ({"host": "https://api.example.com/"}, "https://api.example.com"),
        ({"host": "127.0.0.1", "port": 8080, "schema": "http"}, "http://127.0.0.1:8080"),
        ({"host": "http://[::1]:8080"}, "http://[::1]:8080"),
        ({"host": "https://gateway.example.com/elastic"}, "https://gateway.example.com/elastic"),
    ],
)
def test_a_host_is_https_unless_it_says_otherwise(
    give_connection: Give, fields: dict[str, Any], url: str
) -> None:
    give_connection("mine", **{**STORE, **fields})

    assert ElasticPathHook("mine").settings().base_url == url


def test_secrets_are_not_shown(give_connection: Give) -> None:
    give_connection("store", **{**STORE, "extra": SECRETS})
    give_connection("segment", **SEGMENT)
    give_connection("papi", **PUBLIC_API)
    hooks = (ElasticPathHook("store"), SegmentHook("segment"), SegmentPublicApiHook("papi"))

    shown = repr([hook.settings() for hook in hooks])

    assert not [word for word in ("s3cret", "whsec-1", "idkey-1", "writekey", "sgp_") if word in shown]


@pytest.mark.parametrize(
    ("hook", "fields", "complaint"),
    [
        (ElasticPathHook, {"host": ""}, "mine: host is empty"),
        (ElasticPathHook, {"host": "ftp://api.example.com"}, "mine: host must be a URL"),
        (ElasticPathHook, {"host": "https://api.example.com:port"}, "mine: host is not a URL"),
        (ElasticPathHook, {"login": " "}, "mine: login is empty; it must be the client id"),
        (ElasticPathHook, {"password": None}, "mine: password is empty; it must be the client secret"),
        (
            ElasticPathHook,
            {"extra": {"requests_per_second": 0}},
            "requests_per_second must be a number above",
        ),
        (ElasticPathHook, {"extra": {"requests_per_second": "fast"}}, "must be a number above 0"),
        (SegmentHook, {"password": ""}, "mine: password is empty; it must be the write key"),
        (SegmentHook, {"password": "two words"}, "mine: password is no write key"),
        (SegmentHook, {"password": "key:"}, "mine: password is no write key"),
        (SegmentHook, {"extra": {"integrations": "[1]"}}, "integrations must be a JSON object"),
        (SegmentHook, {"extra": {"integrations": "{"}}, "integrations must be a JSON object"),
        (SegmentHook, {"extra": {"max_events_per_second": -1}}, "max_events_per_second must be a number"),
        (SegmentPublicApiHook, {"password": ""}, "mine: password is empty; it must be the token"),
        (SegmentPublicApiHook, {"password": "two words"}, "mine: password is no token"),
        (SegmentPublicApiHook, {"host": "ftp://api.example.com"}, "mine: host must be a URL"),
    ],
)
def test_a_wrong_field_is_named_without_its_value(
    give_connection: Give, hook: type[Any], fields: dict[str, Any], complaint: str
) -> None:
    right = next(known for one, known in ALL if isinstance(one, hook))
    give_connection("mine", **{**right, **fields})

    with pytest.raises(ConfigurationError, match=complaint) as raised:
        hook("mine").settings()

    assert "two words" not in str(raised.value)
    assert "fast" not in str(raised.value)


def test_the_test_button_tells_of_a_store(give_connection: Give) -> None:
    with ElasticPathStandIn(seed=1, orders=3) as store:
        right = {"conn_type": "elasticpath", "host": store.url, "login": store.client_id}
        give_connection("right", **right, password=store.client_secret)
        give_connection("wrong", **right, password="not-it")

        passed, _ = ElasticPathHook("right").test_connection()
        failed, why = ElasticPathHook("wrong").test_connection()

    assert passed
    assert not failed
    assert "wrong" in why
    assert "not-it" not in why


def test_the_test_button_tells_of_segment_what_can_be_told(give_connection: Give) -> None:
    with SegmentStandIn() as segment:
        give_connection("mine", conn_type="segment", host=segment.url, password="well-formed-but-unknown")

        passed, message = SegmentHook("mine").test_connection()
        received = segment.unique()

    assert passed
    assert "cannot be told" in message
    assert received == {}


def test_the_test_button_tells_of_a_refused_write_key(give_connection: Give, server: Loopback) -> None:
    server.status, server.answer = 400, b'{"success":false,"message":"An invalid write key was provided"}'
    give_connection("mine", **{**SEGMENT, "host": server.url})

    assert SegmentHook("mine").test_connection()[0] is False


def test_the_test_button_tells_of_a_segment_that_is_not_there(give_connection: Give) -> None:
    give_connection("mine", **{**SEGMENT, "host": "http://127.0.0.1:9"})

    assert SegmentHook("mine").test_connection() == (False, "Segment cannot be reached (ConnectionError)")


def test_the_test_button_tells_of_the_public_api(give_connection: Give, server: Loopback) -> None:
    give_connection("mine", **{**PUBLIC_API, "host": server.url})
    server.answer = b'{"data":{"message":"commerce-events"}}'
    passed, _ = SegmentPublicApiHook("mine").test_connection()
    server.status, server.answer = 401, b'{"errors":[{"type":"unauthorized","message":"no such token"}]}'

    failed, why = SegmentPublicApiHook("mine").test_connection()

    assert passed
    assert not failed
    assert "token of connection mine" in why
    assert "sgp_" not in why
    assert server.heard[0].headers["Authorization"] == "Bearer sgp_tok3n"


def test_a_connection_stays_open_for_each_thread_that_a_step_starts() -> None:
    assert POOL > AT_ONCE
