"""The webhook door: takes what knows the secret, keeps it once, and tells a stranger nothing."""

import logging

import orjson
import pytest
from asgi import Call, ask
from doorway import DOOR, JSON, ORDER, PREVIOUS, SECRET, webhook
from sqlalchemy import create_engine, select, text
from starlette.requests import ClientDisconnect

from commerce_events.domain.errors import TransientError
from commerce_events.ledger.tables import inbox
from commerce_events.web.door import MOST_BYTES


def rows(ledger):
    with ledger.engine.connect() as connection:
        return connection.execute(select(inbox)).all()


def statuses(app, *calls: Call) -> list[int]:
    return [answer.status for answer in ask(app, *calls)]


def test_a_webhook_with_the_stores_secret_is_kept(app, ledger):
    assert statuses(app, webhook()) == [202]

    [row] = rows(ledger)
    assert (row.store, row.event_id, row.door) == ("main", "event-1", "webhook")
    assert (row.trigger, row.stream, row.record_id) == ("order.paid", "orders", "order-1")


def test_its_secret_is_nowhere_in_what_is_kept(app, ledger):
    twice = {**ORDER, "resources": orjson.dumps({"data": {"note": SECRET}}).decode()}
    doubled = orjson.dumps(ORDER)[:-1] + b',"configuration":{"secret_key":"%b"}}' % SECRET.encode()

    assert set(statuses(app, webhook(twice), webhook({**ORDER, "id": "2"}), webhook(doubled))) == {202}

    assert all(SECRET.encode() not in bytes(row.body) for row in rows(ledger))
    assert all(b"order-1" in bytes(row.body) for row in rows(ledger))


def test_while_secrets_change_both_are_good(app):
    assert statuses(app, webhook(secret=SECRET), webhook(secret=PREVIOUS)) == [202, 202]


def test_a_webhook_that_comes_again_is_one_row(app, ledger):
    assert statuses(app, *[webhook(attempt=n) for n in range(30)], webhook(id="2")) == [202] * 31

    assert len(rows(ledger)) == 2


STRANGERS = [
    webhook(secret="wrong"),
    webhook(secret=None),
    webhook(secret=""),
    webhook(secret=SECRET + " "),
    webhook(secret="ß"),
    webhook(path="/webhooks/elasticpath/doorless"),
    webhook(path="/webhooks/elasticpath/doorless", secret=""),
    webhook(path="/webhooks/elasticpath/nobody"),
    webhook(path="/webhooks/elasticpath/"),
    webhook(path="/webhooks/elasticpath/../elasticpath/main"),
    webhook(path="/webhooks/elasticpath/main/../../etc/passwd"),
    webhook(path="/webhooks/elasticpath/MAIN"),
    webhook(path="/webhooks/elasticpath/main\x00"),
    webhook(b"{" * 100_000, secret="wrong"),
]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_stranger_gets_one_answer_whatever_was_wrong(app, ledger):
    answers = ask(app, *STRANGERS)

    assert {(one.status, one.body, frozenset(one.headers.items())) for one in answers} == {
        (401, b"", frozenset({("content-length", "0")}))
    }
    assert rows(ledger) == []
    assert {one.taken for one in answers} == {0}  # nor is any of it read


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"null", 422),
        (b"[]", 422),
        (b"{", 422),
        (b'{"id":NaN}', 422),
        (b'{"id":1e999}', 422),
        (b'{"id":"\xff\xfe"}', 422),
        (b'{"id":"\\ud800"}', 422),
        ("{'id': 1}".encode("utf-16"), 422),
        (b'{"a":' * 300 + b"1" + b"}" * 300, 422),
        (b'{"a":' * 100_000, 422),
        (b"[" * 1_000_000, 422),
        (b"{}", 202),
        (b'{"id":"","triggered_by":7,"payload":[]}', 202),
        (b'{"id":"1","id":"2","triggered_by":"order.paid"}', 202),
        (b'{"id":"nul\\u0000","triggered_by":"order.\\u0000","payload":{"id":"\\u0000"}}', 202),
        (orjson.dumps({"id": "x" * 10_000, "triggered_by": "y" * 10_000}), 202),
    ],
)
def test_what_is_no_json_object_is_refused_and_any_other_is_kept(app, ledger, body, status):
    assert statuses(app, webhook(body)) == [status]
    assert len(rows(ledger)) == (status == 202)


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_postgres_takes_whatever_the_door_lets_through(app, ledger):
    odd = b'{"id":"nul\\u0000","triggered_by":"order.\\u0000","payload":{"data":{"id":"\\u0000"}}}'

    assert statuses(app, webhook(odd), webhook(id="\U0001f6d2", triggered_by="é" * 100)) == [202, 202]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_an_event_without_an_id_is_one_row_however_often_it_comes(app, ledger):
    nameless = {name: value for name, value in ORDER.items() if name != "id"}

    assert statuses(app, webhook(nameless), webhook(nameless), webhook({**nameless, "id": 7})) == [202] * 3

    assert len(rows(ledger)) == 2
    assert all(row.event_id.startswith("content:") for row in rows(ledger))


KEY = (b"x-moltin-secret-key", SECRET.encode())
RAW = orjson.dumps(ORDER)


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (b"application/json", 202),
        (b"Application/JSON; Charset=UTF-8", 202),
        (b"application/json; charset=utf-16", 415),
        (b"application/x-www-form-urlencoded", 415),
        (b"text/html", 415),
        (b"", 415),
        (None, 415),
    ],
)
def test_only_json_in_utf_8_is_read(app, ledger, kind, status):
    headers = [KEY] if kind is None else [KEY, (b"content-type", kind)]

    [answer] = ask(app, Call(DOOR, headers=headers, chunks=[RAW]))

    assert answer.status == status
    assert (answer.taken > 0) == (status == 202)


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_compressed_body_is_refused(app):
    headers = [KEY, JSON, (b"content-encoding", b"gzip")]

    assert statuses(app, Call(DOOR, headers=headers, chunks=[RAW])) == [415]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("claim", [b"10485760", b"10", b"9" * 30, b"-1", None])
def test_of_a_body_that_is_too_long_no_more_than_the_limit_is_read(app, ledger, claim):
    headers = [KEY, JSON, *([(b"content-length", claim)] if claim else [])]
    chunks = [b" " * 65_536] * 160

    [answer] = ask(app, Call(DOOR, headers=headers, chunks=chunks))

    assert answer.status == 413
    assert answer.taken <= MOST_BYTES + 65_536
    assert rows(ledger) == []


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_sender_who_goes_away_leaves_nothing(app, ledger):
    class Gone:
        def __iter__(self):
            yield RAW[:10]
            raise ClientDisconnect

    assert statuses(app, Call(DOOR, headers=[KEY, JSON], chunks=Gone())) == [400]
    assert rows(ledger) == []


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_without_the_database_the_sender_is_asked_to_come_again(app, ledger, postgres_server):
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    name = ledger.engine.url.database
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"))
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        connection.execute(text(ended), {"name": name})
        [answer] = ask(app, webhook())
        connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"))
    admin.dispose()

    assert (answer.status, answer.body) == (503, b"")
    assert "retry-after" in answer.headers
    assert statuses(app, webhook()) == [202]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_store_whose_secret_cannot_be_looked_up_asks_to_come_again(app):
    assert statuses(app, webhook(path="/webhooks/elasticpath/unknown")) == [503]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_where_no_secret_can_be_looked_up_nobody_is_let_in(make_app, ledger):
    def refuse():
        raise TransientError("Airflow is away")

    assert statuses(make_app(ledger, refuse), webhook(), webhook(secret="wrong")) == [503, 503]
    assert rows(ledger) == []


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_nothing_about_people_or_secrets_is_logged(app, caplog):
    with caplog.at_level(logging.DEBUG):
        ask(app, webhook(), webhook(b"{"), webhook(secret="guessed"), webhook(path="/webhooks/elasticpath/x"))

    assert caplog.records
    assert not [word for word in ("ann@", SECRET, "guessed", "order-1") if word in caplog.text]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/", "/inbox", "/docs", "/openapi.json", "/anything", "/webhooks"])
def test_all_else_is_behind_the_guard(app, path):
    [stranger] = ask(app, Call(path, "GET"))
    [visitor] = ask(app, Call(path, "GET", headers=[(b"authorization", b"a visitor's")]))

    assert stranger.status == 401
    assert visitor.status == (200 if path == "/inbox" else 404)


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_visitor_sees_how_many_hints_wait(app):
    ask(app, webhook())

    [answer] = ask(app, Call("/inbox", "GET", headers=[(b"authorization", b"a visitor's")]))

    assert orjson.loads(answer.body)["waiting"] == 1
