"""What a destination took against what it counted: hours, edges, runs, reasons, and counts that lag."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from pipeline import Pipeline, pipeline

from commerce_events.config import settings_of
from commerce_events.destinations.delivery_overview import hour_of
from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.domain.errors import AttentionError, ConfigurationError
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.faults import timeout
from commerce_events.sandbox.public_api import PublicApiStandIn
from commerce_events.sandbox.segment import DEFAULT_KEY
from commerce_events.steps.arrivals import reconcile_arrivals
from commerce_events.steps.far_end import FarEnd

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
on_sqlite = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
pytestmark = on_sqlite


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with pipeline(ledger) as made:
        made.budget = timedelta(minutes=1)
        yield made


@pytest.fixture
def public_api(line: Pipeline) -> Iterator[PublicApiStandIn]:
    with PublicApiStandIn(line.segment) as stand_in:
        yield stand_in
        assert stand_in.crashes == []


def later(line: Pipeline, seconds: float) -> None:
    line.clock.sleep(seconds)
    line.segment.advance(seconds)
    line.shop.advance(seconds)


def until(line: Pipeline, minute: int, second: int = 0) -> None:
    """Wait for that minute of an hour."""
    now = line.clock.now()
    wanted = hour_of(now) + timedelta(minutes=minute, seconds=second)
    later(line, (wanted + (HOUR if wanted <= now else timedelta()) - now).total_seconds())


def sell(line: Pipeline, count: int = 1) -> list[str]:
    placed = [line.shop.place_order(buyer="customer") for _ in range(count)]
    line.run()
    return placed


def message_ids(line: Pipeline, order: str) -> list[str]:
    return [str(each.event_id) for each in line.ledger.reports.of_record("main", "orders", order)]


def looked(line: Pipeline, public_api: PublicApiStandIn, key: str = DEFAULT_KEY, share: float = 1.0) -> Any:
    api = SegmentPublicApi(requests.Session(), public_api.url, public_api.token, sleep=lambda _: None)
    far_end = FarEnd("segment", api, "segment_default", key)
    now = line.clock.now()
    return reconcile_arrivals(line.ledger, far_end, now - 2 * DAY, now, now=now, shortfall_share=share)


def short(line: Pipeline) -> list[tuple[datetime, str, str, str, int]]:
    return [
        (each.hour, each.message, each.reason, each.receiver, each.count)
        for each in line.ledger.findings.shortfalls(SINCE)
    ]


def lose_next(line: Pipeline, count: int) -> datetime:
    """So many messages of one order each, sent now and lost; returns the hour."""
    line.segment.plan.lose(share=1.0)
    sell(line, count)
    line.segment.plan.keep_all()
    return hour_of(line.clock.now())


def test_messages_lost_in_one_hour_are_not_made_up_for_by_another(line, public_api):
    until(line, 20)
    sell(line, 3)
    later(line, 3_600)
    hour = lose_next(line, 2)
    later(line, 3_600)
    sell(line, 4)
    later(line, 5 * 3_600)

    outcome = looked(line, public_api)

    assert short(line) == [(hour, "Checkout Started", "vanished", "", 2)]
    assert (outcome["accepted"], outcome["not_arrived"], outcome["surplus"]) == (9, 2, 0)


def test_what_was_answered_after_the_hour_may_have_been_counted_before_it(line, public_api):
    """Segment's clock is behind ours here by some seconds."""
    until(line, 59, 50)
    line.clock.sleep(20)
    sell(line, 3)
    later(line, 6 * 3_600)

    assert looked(line, public_api)["not_arrived"] == 0


def test_a_message_whose_first_try_was_taken_without_an_answer_is_found_in_that_hour(line, public_api):
    until(line, 30)
    line.segment.faults.next(timeout(0.01, taken=True), times=1)
    line.shop.place_order()
    line.capture()
    line.deliver(budget=timedelta(seconds=0.5))
    later(line, 3_600)
    line.deliver()
    later(line, 5 * 3_600)

    assert line.segment.drops["duplicate"] == 1
    assert looked(line, public_api)["not_arrived"] == 0


def test_hours_in_which_segment_still_tries_are_not_judged(line, public_api):
    until(line, 10)
    hour = lose_next(line, 1)
    later(line, 3 * 3_600)
    early = looked(line, public_api)
    later(line, 2 * 3_600)

    late = looked(line, public_api)

    assert (early["not_arrived"], late["not_arrived"]) == (0, 1)
    assert [each[0] for each in short(line)] == [hour]


def test_counts_that_lag_longer_are_put_right_by_the_next_look(line, public_api):
    public_api.lag = 6 * 3_600
    until(line, 10)
    sell(line, 2)
    later(line, 5 * 3_600)
    with pytest.raises(AttentionError, match="2 of 2 messages"):
        looked(line, public_api, share=0.001)
    later(line, 2 * 3_600)

    again = looked(line, public_api, share=0.001)

    assert again["not_arrived"] == 0
    assert short(line) == []


def test_a_shortfall_is_news_once(line, public_api):
    until(line, 10)
    lose_next(line, 2)
    later(line, 5 * 3_600)

    with pytest.raises(AttentionError):
        looked(line, public_api, share=0.001)

    assert looked(line, public_api, share=0.001)["news"] == 0


def test_every_discard_is_named_with_its_reason_and_its_receiver(line, public_api):
    line.segment.connect("Customer.io", filters={"Order Completed": "FILTERED_BY_RULES"})
    line.segment.connect("Facebook", fails={"Checkout Started": "BAD_REQUEST"})
    line.segment.plan.block("Order Cancelled", reason="unplanned")
    until(line, 10)
    placed = line.shop.place_order()
    line.shop.pay(placed)
    line.shop.cancel(placed)
    line.run()
    hour = hour_of(line.clock.now())
    later(line, 5 * 3_600)

    looked(line, public_api)

    assert sorted(short(line)) == [
        (hour, "Checkout Started", "BAD_REQUEST", "Facebook", 1),
        (hour, "Order Cancelled", "unplanned", "", 1),
        (hour, "Order Completed", "FILTERED_BY_RULES", "Customer.io", 1),
    ]


def test_others_who_send_under_our_names_are_noticed(line, public_api):
    until(line, 10)
    sell(line, 1)
    theirs = {"type": "track", "event": "Checkout Started", "userId": "u", "messageId": "theirs"}
    batch = {"batch": [theirs, {**theirs, "event": "Page Left", "messageId": "other"}]}
    requests.post(f"{line.segment.url}/v1/batch", json=batch, auth=(DEFAULT_KEY, ""), timeout=5)
    later(line, 5 * 3_600)

    outcome = looked(line, public_api)

    assert (outcome["not_arrived"], outcome["surplus"]) == (0, 1)
    last = line.ledger.findings.last("destination", "segment")
    assert last is not None
    assert last.tally.detail == "1 messages were counted that are not ours"


def test_with_runs_in_the_app_version_nobody_elses_messages_hide_a_loss(ledger):
    raw = {
        "namespace": "0f2c6a53-8a2b-4c63-b0a8-5a8f0c1d2e3f",
        "start": "2020-01-01T00:00:00Z",
        "people": [],
    }
    marked = settings_of(
        {"stores": {"main": raw}, "destinations": {"segment": {"runs_in_app_version": True}}}
    )
    with pipeline(ledger) as line, PublicApiStandIn(line.segment) as public_api:
        line.settings = marked
        until(line, 10)
        line.run_id = "scheduled__a"
        kept = sell(line, 2)
        line.run_id = "scheduled__b"
        hour = lose_next(line, 1)
        theirs = {"type": "track", "event": "Checkout Started", "userId": "u", "messageId": "theirs"}
        body = {"batch": [theirs]}
        requests.post(f"{line.segment.url}/v1/batch", json=body, auth=(DEFAULT_KEY, ""), timeout=5)
        later(line, 5 * 3_600)

        looked(line, public_api)

        assert short(line) == [(hour, "Checkout Started", "vanished", "", 1)]
        assert line.ledger.findings.shortfalls(SINCE)[0].detail == "scheduled__b: 1"
        sent = line.segment.unique()[message_ids(line, kept[0])[0]]
        assert sent["context"]["app"] == {"version": "scheduled__a"}


def test_a_write_key_that_leads_nowhere_is_an_error_that_does_not_name_it(line, public_api):
    with pytest.raises(ConfigurationError, match="segment_default belongs to no source") as error:
        looked(line, public_api, key="a-key-of-nobody")

    assert "a-key-of-nobody" not in f"{error.value}{FarEnd('d', None, 'c', 'a-key-of-nobody')}"  # type: ignore[arg-type]


def test_a_source_that_is_switched_off_is_an_error(line, public_api):
    public_api.add_source("Old", "another-key", enabled=False)

    with pytest.raises(ConfigurationError, match="is switched off"):
        looked(line, public_api, key="another-key")
