"""The client against a store on loopback: tokens, its own pace, repeats, and what errors say."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from commerce_events.domain.errors import ConfigurationError, RejectedError, TransientError
from commerce_events.sandbox import faults
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathClient
from commerce_events.sources.elasticpath.answers import NotFoundError
from commerce_events.sources.elasticpath.pace import Pace, Patience, retry_after

Make = Callable[..., ElasticPathClient]
CURRENCIES = "/v2/currencies"


def away_from_tokens(path: str) -> bool:
    return not path.startswith("/oauth")


def test_one_token_serves_many_requests_and_threads(store: ElasticPathStandIn, make_client: Make) -> None:
    client = make_client(store)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(client.get, [CURRENCIES] * 40))

    assert all(answer.body["data"] for answer in answers)
    assert store.tokens.issued == 1


def test_a_token_is_renewed_a_minute_before_it_ends(
    store: ElasticPathStandIn, make_client: Make, wall: Any
) -> None:
    client = make_client(store)

    issued = []
    for pause in (0, 3_539, 2):
        wall.time += pause
        store.advance(pause)
        client.get(CURRENCIES)
        issued.append(store.tokens.issued)

    assert issued == [1, 1, 2]


def test_a_token_of_short_life_is_still_used_more_than_once(
    store: ElasticPathStandIn, make_client: Make
) -> None:
    store.tokens.seconds = 20
    client = make_client(store)

    for _ in range(5):
        client.get(CURRENCIES)

    assert store.tokens.issued == 1


def test_a_revoked_token_is_replaced_once(store: ElasticPathStandIn, make_client: Make) -> None:
    client = make_client(store)
    client.get(CURRENCIES)
    store.tokens.revoke()

    assert client.get(CURRENCIES).body["data"]
    assert store.tokens.issued == 2


def test_tokens_that_are_never_accepted_stop_with_advice(
    store: ElasticPathStandIn, make_client: Make
) -> None:
    store.on_request(lambda request: store.tokens.revoke() if "oauth" not in request.path else None)

    with pytest.raises(
        ConfigurationError, match=r"GET /v2/currencies: Elastic Path answered 401 .* of connection shop"
    ):
        make_client(store).get(CURRENCIES)
    assert store.tokens.issued == 2


def test_a_wrong_secret_names_the_connection_and_not_the_secret(
    store: ElasticPathStandIn, make_client: Make
) -> None:
    with pytest.raises(
        ConfigurationError, match="refused the client id and secret of connection shop"
    ) as caught:
        make_client(store, client_secret="wr0ng").get(CURRENCIES)

    assert "wr0ng" not in str(caught.value)
    assert store.requests.total == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"base_url": "euwest.api.elasticpath.com"}, "its host must be the API's base URL"),
        ({"base_url": ""}, "its host must be the API's base URL"),
        ({"client_id": ""}, "its login must be the client id"),
        ({"client_secret": ""}, "its password the client secret"),
        ({"requests_per_second": 0}, "requests_per_second must be more than 0"),
    ],
)
def test_an_incomplete_connection_is_refused_at_once(
    store: ElasticPathStandIn, make_client: Make, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"connection shop: .*{told}"):
        make_client(store, **options)


def test_an_unreachable_store_names_host_and_connection(
    store: ElasticPathStandIn, make_client: Make, wall: Any
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        client = make_client(store, base_url=f"http://127.0.0.1:{port}")

        with pytest.raises(TransientError, match=rf"127.0.0.1:{port} cannot be reached .* connection shop"):
            client.get(CURRENCIES)

    assert len(wall.slept) == Patience().attempts - 1


@pytest.mark.parametrize("fault", faults.retryable(stall=0.05), ids=lambda fault: str(fault.name))
def test_a_passing_failure_is_repeated(
    store: ElasticPathStandIn, make_client: Make, fault: faults.Fault
) -> None:
    client = make_client(store)
    store.faults.next(fault, times=3)

    assert client.get(CURRENCIES).body["data"]


def test_silence_is_a_passing_failure(store: ElasticPathStandIn, make_client: Make) -> None:
    store.faults.next(faults.slow(0.5), where=away_from_tokens)

    assert make_client(store, timeout=(1.0, 0.2)).get(CURRENCIES).body["data"]


def test_waits_double_with_jitter_and_are_bounded(
    store: ElasticPathStandIn, make_client: Make, wall: Any
) -> None:
    store.faults.always(faults.status(503), where=away_from_tokens)

    with pytest.raises(TransientError, match=r"^GET /v2/orders: Elastic Path answered 503$"):
        make_client(store).get("/v2/orders", {"filter": 'eq(email,"a@example.com")'})

    assert all(
        longest / 2 <= wait <= longest
        for wait, longest in zip(wall.slept, (0.5, 1, 2, 4, 8, 16, 30), strict=True)
    )


@pytest.mark.parametrize("as_date", [False, True])
def test_the_wait_a_store_asks_for_is_kept(
    store: ElasticPathStandIn, make_client: Make, wall: Any, as_date: bool
) -> None:
    """A date is counted from the store's own clock, which here is far from ours."""
    store.faults.next(faults.too_many(120, as_date=as_date), where=away_from_tokens)

    make_client(store).get(CURRENCIES)

    assert wall.slept == [120.0]


def test_patience_ends_when_the_store_asks_for_too_much(
    store: ElasticPathStandIn, make_client: Make, wall: Any
) -> None:
    store.faults.always(faults.too_many(4_000), where=away_from_tokens)

    with pytest.raises(TransientError) as caught:
        make_client(store).get(CURRENCIES)

    assert wall.slept == [300.0, 300.0]
    assert caught.value.after == 300.0


def test_a_page_that_stays_html_is_named(store: ElasticPathStandIn, make_client: Make) -> None:
    store.faults.always(faults.HTML_OK, where=away_from_tokens)

    with pytest.raises(
        TransientError,
        match=r"GET /v2/currencies: .* answered 200 with a body that is not JSON \(text/html\)",
    ):
        make_client(store).get(CURRENCIES)


def test_an_unknown_record_is_not_found(store: ElasticPathStandIn, make_client: Make) -> None:
    with pytest.raises(NotFoundError, match="GET /v2/orders/none: Elastic Path answered 404"):
        make_client(store).get("/v2/orders/none")


def test_a_refused_request_is_told_with_the_stores_words(
    store: ElasticPathStandIn, make_client: Make
) -> None:
    with pytest.raises(
        RejectedError, match=r"answered 400 \(Bad Request: Could not parse the supplied filter\)"
    ):
        make_client(store).get("/v2/orders", {"filter": "nonsense"})


def test_a_forbidden_resource_is_a_matter_of_the_key(store: ElasticPathStandIn, make_client: Make) -> None:
    store.faults.always(faults.status(403), where=away_from_tokens)

    with pytest.raises(ConfigurationError, match="the key of connection shop may not read this"):
        make_client(store).get(CURRENCIES)


def test_a_redirect_is_a_matter_of_the_host(store: ElasticPathStandIn, make_client: Make) -> None:
    store.faults.always(faults.status(302), where=away_from_tokens)

    with pytest.raises(ConfigurationError, match="check the host of connection shop"):
        make_client(store).get(CURRENCIES)


def test_a_redirect_is_not_followed(
    store: ElasticPathStandIn, make_client: Make, elsewhere: ThreadingHTTPServer
) -> None:
    """The secret would be posted to wherever it points."""
    client = make_client(store, base_url=f"http://127.0.0.1:{elsewhere.server_port}/{store.port}")

    with pytest.raises(ConfigurationError, match="is it the API's base URL"):
        client.get(CURRENCIES)

    assert store.requests.total == 0


class Redirecting(BaseHTTPRequestHandler):
    """`/8080/some/path` goes to `/some/path` on port 8080, method and body and all."""

    def do_POST(self) -> None:
        port, _, path = self.path.removeprefix("/").partition("/")
        self.send_response(307)
        self.send_header("Location", f"http://127.0.0.1:{port}/{path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_ignored: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def elsewhere() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


def test_a_netrc_entry_does_not_replace_the_token(
    store: ElasticPathStandIn, make_client: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    assert make_client(store, session=requests.Session()).get(CURRENCIES).body["data"]
    token, question = store.requests.recent
    assert "authorization" not in token.headers
    assert question.headers["authorization"].startswith("Bearer ")


def test_the_stores_clock_is_read_from_its_date(store: ElasticPathStandIn, make_client: Make) -> None:
    assert make_client(store).get(CURRENCIES).served_at == store.clock


def test_requests_leave_at_our_own_pace(store: ElasticPathStandIn, make_client: Make, wall: Any) -> None:
    client = make_client(store, requests_per_second=5)

    for _ in range(26):
        client.get(CURRENCIES)  # and one token

    assert wall.time - 1_000 == pytest.approx((27 - 5) / 5)


def test_threads_share_one_pace() -> None:
    slept: list[float] = []
    pace = Pace(10, clock=lambda: 0.0, sleep=slept.append)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: pace.take(), range(60)))

    assert max(slept) == pytest.approx(5.0)
    assert len(slept) == 50


def test_a_rate_limit_of_the_store_is_survived(store: ElasticPathStandIn, make_client: Make) -> None:
    store.rate_limit.per_second = 200
    client = ElasticPathClient(
        requests.Session(), store.url, store.client_id, store.client_secret, requests_per_second=1e6
    )

    for _ in range(300):
        client.get(CURRENCIES)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", 0.0),
        ("7", 7.0),
        ("9999", 300.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Mon, 02 Mar 2026 12:00:30 GMT", 300.0),
    ],
)
def test_retry_after_is_read(value: str | None, wait: float | None) -> None:
    assert retry_after(value, datetime(2026, 3, 1, 12, tzinfo=UTC)) == wait
