"""What bad input gets, seen from the steps: a name and a place, nothing half-written, the rest carried on.

Mistakes in commerce.toml, in templates and in connections are met in test_config.py,
templates/test_library.py, airflow/test_hooks.py and cli/test_doctor.py.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pipeline import Pipeline, pipeline
from sqlalchemy import select

from commerce_events.domain.errors import AttentionError, ConfigurationError, TransientError
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import delivery, fact, record, reject, scan
from commerce_events.sandbox.faults import HTML_OK
from commerce_events.sources.elasticpath.paging import LIMITS
from commerce_events.steps.deliver import deliver

Json = dict[str, Any]


def rows(ledger: Ledger, *tables: Any) -> list[Any]:
    with ledger.engine.connect() as connection:
        return [row for table in tables for row in connection.execute(select(table)).all()]


def watermark(line: Pipeline) -> datetime:
    ((_store, _stream, reached),) = line.ledger.reports.watermarks()
    return reached


def no_tokens(path: str) -> bool:
    return not path.startswith("/oauth")


def spoilt(order: Json, meta: Json | None = None, **changes: Any) -> Json:
    """The order as a record of its own, without items, and with these members changed."""
    return {**order, "id": "bad", "relationships": {}, "meta": {**order["meta"], **(meta or {})}, **changes}


def price(amount: object, currency: str) -> Json:
    return {"meta": {"display_price": {"with_tax": {"amount": amount, "currency": currency}}}}


@pytest.mark.parametrize(
    ("changes", "reason", "path"),
    [
        ({"id": ""}, "missing_id", "$.data.id"),
        ({"id": None}, "missing_id", "$.data.id"),
        ({"meta": {"timestamps": {}}}, "missing_timestamp", "$.data.meta.timestamps.created_at"),
        (
            {"meta": {"timestamps": {"created_at": "2026-03-01T12:00:00Z", "updated_at": "yesterday"}}},
            "bad_timestamp",
            "$.data.meta.timestamps.updated_at",
        ),
        (price("12.50", "USD"), "bad_amount", "$.data.meta.display_price.with_tax.amount"),
        (price(None, "USD"), "bad_amount", "$.data.meta.display_price.with_tax.amount"),
        (price(12.5, "USD"), "bad_amount", "$.data.meta.display_price.with_tax.amount"),
        (
            price(1250, "XYZ"),
            "unknown_currency",
            "$.data.meta.display_price.with_tax.currency",
        ),
    ],
)
def test_a_record_that_cannot_be_read_is_kept_with_its_reason_and_the_rest_goes_on(
    line: Pipeline, changes: Json, reason: str, path: str
) -> None:
    good = [line.shop.place_order(), line.shop.place_order()]
    line.shop.put_raw(spoilt(line.shop.order(good[0]), **changes))

    outcome = line.run()

    (kept,) = rows(line.ledger, reject)
    assert (kept.reason, kept.settled_at) == (reason, None)
    assert path in kept.detail
    assert not {word for word in ("12.50", "yesterday", "example.com") if word in kept.detail}
    assert outcome[f"rejected {reason}"] == 1
    assert sorted(message["properties"]["order_id"] for message in line.messages()) == sorted(good)
    assert watermark(line) > line.settings.stores["main"].start


def test_a_record_that_is_mended_is_told_and_its_reject_closed(line: Pipeline) -> None:
    whole = line.shop.order(line.shop.place_order())
    line.shop.put_raw(spoilt(whole, status=7))
    line.run()
    line.shop.put_raw({**whole, "id": "bad"})

    line.run()

    assert line.ledger.reports.open_rejects() == []
    assert {record.record_id for record in rows(line.ledger, record)} == {whole["id"], "bad"}


def test_an_order_without_items_waits_with_the_place_and_is_not_sent(line: Pipeline) -> None:
    good = line.shop.place_order()
    line.shop.put_raw(spoilt(line.shop.order(good)))

    line.run()

    (told,) = line.ledger.reports.of_record("main", "orders", "bad")
    assert (told.status, told.reason) == ("quarantined", "contract:minItems")
    assert told.detail is not None
    assert told.detail.startswith("$.properties.products: an order without items is not told")
    assert told.body is not None
    assert [message["properties"]["order_id"] for message in line.messages()] == [good]


def test_a_message_without_identity_waits_with_the_place_and_is_not_sent(ledger: Ledger) -> None:
    with pipeline(
        ledger, identity={"guest": "browser", "anonymous_id_field": "custom_attributes.nowhere"}
    ) as line:
        nobody, somebody = line.shop.place_order(buyer="guest"), line.shop.place_order(buyer="customer")

        line.run()

        (told,) = line.ledger.reports.of_record("main", "orders", nobody)
        assert told.status == "quarantined"
        assert told.detail is not None
        assert told.detail.startswith("$: ")
        assert "userId" in told.detail
        assert [message["properties"]["order_id"] for message in line.messages()] == [somebody]


def test_a_first_page_that_is_html_leaves_nothing_behind(line: Pipeline) -> None:
    line.shop.place_order()
    line.shop.faults.always(HTML_OK, where=no_tokens)

    with pytest.raises(
        TransientError, match=r"GET /v2/orders: Elastic Path answered 200 .* not JSON \(text/html\)"
    ):
        line.capture()

    assert rows(line.ledger, record, fact, delivery, reject) == []
    assert watermark(line) == line.settings.stores["main"].start


def test_a_later_page_that_is_html_is_where_the_next_capture_goes_on(line: Pipeline) -> None:
    line.paging = replace(LIMITS, page=2)
    orders = []
    for _ in range(5):
        orders.append(line.shop.place_order())
        line.shop.advance(1)
    pages = iter(range(100))
    line.shop.faults.always(HTML_OK, where=lambda path: path == "/v2/orders" and next(pages) > 0)
    with pytest.raises(TransientError):
        line.capture()
    kept = {one.record_id for one in rows(line.ledger, record)}
    (cut,) = rows(line.ledger, scan)
    line.shop.faults.clear()

    line.run()

    assert 0 < len(kept) < 5
    assert (cut.cursor is not None, cut.done_at) == (True, None)
    assert sorted(message["properties"]["order_id"] for message in line.messages()) == sorted(orders)
    assert len(rows(line.ledger, scan)) == 1


def test_a_store_that_is_gone_is_named_and_nothing_is_written(line: Pipeline) -> None:
    host = line.shop.url.removeprefix("http://")
    line.shop.close()

    with pytest.raises(TransientError, match=rf"{host} cannot be reached .* connection elasticpath_default"):
        line.capture()

    assert rows(line.ledger, record, fact, delivery) == []
    assert watermark(line) == line.settings.stores["main"].start


def test_a_wrong_secret_is_named_and_not_shown(line: Pipeline) -> None:
    line.shop.client_secret = "n0t-it"

    with pytest.raises(ConfigurationError, match="client id and secret of connection") as raised:
        line.capture()

    assert "n0t-it" not in str(raised.value)
    assert rows(line.ledger, record) == []


def test_a_malformed_write_key_stops_the_run_and_kills_no_message(line: Pipeline) -> None:
    order = line.shop.place_order()
    line.capture()
    wrong = line.destination(write_key="short")

    with pytest.raises(ConfigurationError, match="write key of connection segment_default") as raised:
        deliver(line.ledger, [wrong], budget=timedelta(minutes=1), clock=line.clock.clock())

    assert "short" not in str(raised.value).split()
    assert line.statuses() == {"pending": 1}
    line.deliver()
    assert [message["properties"]["order_id"] for message in line.messages()] == [order]


def test_an_empty_write_key_is_refused_before_anything_is_claimed(line: Pipeline) -> None:
    with pytest.raises(ConfigurationError, match="password of connection segment_default"):
        line.destination(write_key="")


def test_a_web_page_before_segment_is_no_acceptance(line: Pipeline) -> None:
    line.shop.place_order()
    line.segment.faults.next(HTML_OK)
    line.capture()

    outcome = line.deliver()

    assert (outcome["postponed"], outcome["accepted"]) == (1, 1)
    assert line.statuses() == {"accepted": 1}


def test_a_message_that_segment_refuses_is_a_dead_letter_with_its_answer(line: Pipeline) -> None:
    line.shop.place_order()
    line.capture()
    (told,) = rows(line.ledger, delivery)
    line.segment.refuse(str(told.event_id))

    with pytest.raises(AttentionError, match="1 messages became dead letters: `commerce-events replay"):
        line.deliver()

    (dead,) = rows(line.ledger, delivery)
    assert (dead.status, dead.reason) == ("dead", "refused")
