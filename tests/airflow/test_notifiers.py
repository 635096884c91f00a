"""Alerts by web address, Slack and e-mail, each through its Airflow connection and a real server."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from loopback import Loopback

from commerce_events.airflow.notifiers import notifiers
from commerce_events.config import Notify
from commerce_events.domain.alerts import Change, Level
from commerce_events.domain.errors import ConfigurationError, TransientError

SINCE = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHANGE = Change(
    "lag", "segment", Level.OK, Level.CRITICAL, 130.0, "5 of 100 messages wait 130 minutes", SINCE
)
Give = Callable[..., None]


def tell(wanted: Notify) -> None:
    (notify,) = notifiers(wanted).values()
    notify(CHANGE)


def test_a_web_address_gets_json(server: Loopback, give_connection: Give) -> None:
    give_connection("hook", conn_type="http", host=f"{server.url}/alerts", extra={"colour": "red"})

    tell(Notify(webhook="hook"))

    (heard,) = server.heard
    body = json.loads(heard.body)
    assert (body["rule"], body["level"], body["before"]) == ("lag", "critical", "ok")
    assert body["since"] == "2026-11-22T12:00:00+00:00"
    assert {"Authorization", "Colour", "colour"}.isdisjoint(heard.headers)


@pytest.mark.parametrize("status", [301, 404, 503])
def test_another_answer_means_that_nobody_was_told(
    server: Loopback, give_connection: Give, status: int
) -> None:
    server.status = status
    give_connection("hook", conn_type="http", host=server.url)

    with pytest.raises(TransientError, match=str(status)):
        tell(Notify(webhook="hook"))


def test_slack_is_told_by_its_provider(server: Loopback, give_connection: Give) -> None:
    pytest.importorskip("airflow.providers.slack")
    server.answer = b"ok"
    give_connection("chat", conn_type="slackwebhook", host=server.url, password="T0/B0/secret")

    tell(Notify(slack="chat"))

    (heard,) = server.heard
    assert "critical: lag of segment" in json.loads(heard.body)["text"]


class Mail(socketserver.StreamRequestHandler):
    """Just enough SMTP to take one message."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                self.server.letters.append(b"".join(iter(self.rfile.readline, b".\r\n")))  # type: ignore[attr-defined]
            self.wfile.write(b"250 ok\r\n")
            if line.upper().startswith(b"QUIT"):
                return


@pytest.fixture
def mail() -> Iterator[socketserver.ThreadingTCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail) as server:
        server.daemon_threads = True
        server.letters = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def test_a_letter_is_sent_by_the_smtp_provider(
    mail: socketserver.ThreadingTCPServer, give_connection: Give
) -> None:
    plain = {"disable_ssl": True, "disable_tls": True, "from_email": "airflow@shop.example"}
    where = {"host": "127.0.0.1", "port": mail.server_address[1], "extra": plain}
    give_connection("post", conn_type="smtp", **where)

    tell(Notify(email=("ann@shop.example",), email_connection="post"))

    (letter,) = mail.letters  # type: ignore[attr-defined]
    assert b"Subject: commerce-events critical: lag of segment" in letter
    assert b"To: ann@shop.example" in letter


def test_whoever_cannot_be_reached_is_a_passing_trouble_without_details(give_connection: Give) -> None:
    give_connection("hook", conn_type="http", host="http://127.0.0.1:9", password="secret")

    with pytest.raises(TransientError, match=r"^ConnectionError$"):
        tell(Notify(webhook="hook"))


def test_a_connection_that_is_not_there_is_named(airflow_database: None) -> None:
    with pytest.raises(TransientError, match="no connection nowhere"):
        tell(Notify(webhook="nowhere"))


def test_nobody_is_told_unless_somebody_is_named() -> None:
    assert notifiers(Notify()) == {}


def test_a_provider_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "airflow.providers.slack.notifications.slack_webhook", None)

    with pytest.raises(ConfigurationError, match="pip install apache-airflow-providers-slack"):
        notifiers(Notify(slack="chat"))
