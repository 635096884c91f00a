"""The ledger against the store: what is healed, noted or left open, and refunds that come late."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pipeline import Pipeline, pipeline, settings
from sqlalchemy import delete, select, update

from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.found import State
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import batch, delivery, fact, payload, stream
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.late_refunds import LATE_REFUND, look_for_refunds
from commerce_events.steps.reconcile import reconcile
from commerce_events.steps.restore import LOST_FACT, LOST_MESSAGE
from commerce_events.steps.verification import Fault

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    """A store and a clock in March."""
    with pipeline(ledger) as made:
        made.clock.sleep((START + DAY / 2 - made.clock.now()).total_seconds())
        made.shop.clock = START + DAY / 2
        yield made


def later(line: Pipeline, days: float) -> None:
    line.clock.sleep(days * 86_400)
    line.shop.advance(days * 86_400)


def sell(line: Pipeline, count: int = 1, **order: Any) -> list[str]:
    placed = [line.shop.place_order(buyer="guest", **order) for _ in range(count)]
    for each in placed:
        line.shop.pay(each)
    return placed


def settled(line: Pipeline, days: float = 2) -> None:
    later(line, days)
    line.run()


def reconciled(line: Pipeline, **asked: Any) -> Counter[str]:
    return reconcile(line.store(), "orders", START, START + 30 * DAY, **asked)


def gaps(line: Pipeline) -> list[tuple[str, str, State]]:
    return sorted(
        (each.record_id, each.reason, each.state) for each in line.ledger.findings.gaps(START.date())
    )


def remove(line: Pipeline, table: Any, *terms: Any) -> None:
    with line.ledger.engine.begin() as connection:
        connection.execute(delete(table).where(*terms))


def lose(line: Pipeline, order: str, kind: str) -> None:
    """A fact, its message and what became of it."""
    with line.ledger.engine.begin() as connection:
        events = list(connection.scalars(facts_of(order, kind)))
        for table in (delivery, payload, fact):
            connection.execute(delete(table).where(table.c.event_id.in_(events)))


def facts_of(order: str, kind: str) -> Any:
    return select(fact.c.event_id).where(fact.c.record_id == order, fact.c.kind == kind)


def statuses(line: Pipeline, order: str) -> dict[str, str]:
    return {each.kind: str(each.status) for each in line.ledger.reports.of_record("main", "orders", order)}


def figures(line: Pipeline) -> list[tuple[str, int, int, int]]:
    return [
        (each.day.isoformat(), each.in_store, each.accounted, each.healed)
        for each in line.ledger.findings.days(START.date())
    ]


def test_what_agrees_costs_counting_only(line):
    sell(line, 3)
    settled(line)
    line.shop.requests.clear()

    outcome = reconciled(line)

    assert (outcome["records"], outcome["news"]) == (3, 0)
    assert figures(line) == [("2026-03-01", 3, 3, 0)]
    asked = [each for each in line.shop.requests.recent if each.path == "/v2/orders"]
    assert all(each.parameters()["page[limit]"] == "1" for each in asked)


def test_a_missing_order_is_captured_and_owed(line):
    sell(line)
    settled(line)
    (missing,) = sell(line)
    line.clock.sleep(86_400)
    with line.ledger.engine.begin() as connection:
        moved = int(line.clock.now().timestamp() * 1e6)
        connection.execute(update(stream).values(watermark=moved))

    outcome = reconciled(line)

    assert (outcome["healed"], outcome["open"]) == (1, 0)
    assert gaps(line) == [(missing, Fault.MISSING, State.HEALED)]
    assert statuses(line, missing) == {"checkout_started": "pending", "order_completed": "pending"}
    assert reconciled(line)["news"] == 0


def test_a_missed_transition_is_a_difference_too(line):
    (order,) = [line.shop.place_order(buyer="guest")]
    settled(line)
    line.shop.pay(order)
    line.clock.sleep(86_400)
    with line.ledger.engine.begin() as connection:
        connection.execute(update(stream).values(watermark=int(line.clock.now().timestamp() * 1e6)))

    reconciled(line)

    assert gaps(line) == [(order, Fault.BEHIND, State.HEALED)]
    assert statuses(line, order)["order_completed"] == "pending"


def test_what_capture_has_not_reached_yet_is_no_difference(line):
    sell(line)
    settled(line)
    sell(line, 2)
    line.clock.sleep(86_400)

    assert reconciled(line)["news"] == 0
    assert figures(line) == [("2026-03-01", 1, 1, 0)]


def test_before_the_first_capture_has_ended_nothing_is_due(line):
    sell(line)
    later(line, 2)

    assert reconciled(line) == {}


def test_whoever_must_list_everything_is_not_asked_to_every_hour(ledger):
    with pipeline(ledger, people=["account_members"]) as line:
        line.shop.add_account_member(email="ann@shop.example")
        capture_changes(line.store(), "account_members")
        later(line, 1)
        capture_changes(line.store(), "account_members")
        span = (line.clock.now() - 2 * DAY, line.clock.now())

        hourly = reconcile(line.store(), "account_members", *span, listing=False)
        daily = reconcile(line.store(), "account_members", *span)

        assert (hourly, daily["records"]) == ({}, 1)


def test_an_order_that_the_store_has_no_more_is_noted_once(line):
    kept, gone = sell(line, 2)
    settled(line)
    line.shop._shelf.remove(gone)

    first, second = reconciled(line), reconciled(line)

    assert gaps(line) == [(gone, Fault.GONE, State.NOTED)]
    assert (first["noted"], first["news"], second["news"]) == (1, 1, 0)
    assert figures(line) == [("2026-03-01", 1, 1, 0)]
    assert kept


def test_what_cannot_be_healed_stays_open_and_turns_the_task_red(line):
    """By today's rules an order that nobody has shipped is not complete, so it cannot be told again."""
    (order,) = sell(line)
    settled(line)
    lose(line, order, "order_completed")
    before, line.settings = (
        line.settings,
        settings(trackings={"order_completed": {"trigger": "order.fulfilled"}}),
    )

    with pytest.raises(AttentionError, match="1 records of store main, orders, still differ"):
        reconciled(line)

    assert gaps(line) == [(order, LOST_FACT, State.OPEN)]
    assert figures(line) == [("2026-03-01", 1, 0, 0)]
    assert reconciled(line, open_gaps=1)["news"] == 0

    line.settings = before
    assert reconciled(line)["healed"] == 1
    assert gaps(line) == [(order, LOST_FACT, State.HEALED)]
    assert figures(line) == [("2026-03-01", 1, 1, 1)]


@pytest.mark.parametrize("kind", ["checkout_started", "order_completed", "order_refunded", "order_cancelled"])
def test_a_lost_fact_is_told_again_under_its_own_id_and_sent_only_if_it_was_not(line, kind):
    (order,) = sell(line)
    line.shop.refund(order, 10)
    line.shop.cancel(order)
    settled(line)
    before = line.segment.unique()
    lose(line, order, kind)

    outcome = reconciled(line)
    line.deliver()

    assert (outcome["healed"], outcome["open"]) == (1, 0)
    assert gaps(line) == [(order, LOST_FACT, State.HEALED)]
    assert statuses(line, order)[kind] == "accepted"
    assert line.segment.unique() == before
    assert line.segment.drops["duplicate"] == 0
    assert reconciled(line)["news"] == 0


def test_a_lost_message_goes_out_with_the_bytes_it_had(line):
    (order,) = sell(line)
    later(line, 2)
    line.capture()
    (bodies,) = [each.body for each in line.ledger.reports.of_record("main", "orders", order)][:1]
    remove(line, delivery, delivery.c.event_id.in_(facts_of(order, "checkout_started")))

    reconciled(line)
    line.deliver()

    assert gaps(line) == [(order, LOST_MESSAGE, State.HEALED)]
    assert statuses(line, order) == {"checkout_started": "accepted", "order_completed": "accepted"}
    assert [raw for one in line.segment.received() if (raw := one.raw) == bodies] == [bodies]


def test_where_no_batch_tells_of_it_what_was_lost_is_sent_with_its_own_id(line):
    (order,) = sell(line)
    settled(line)
    with line.ledger.engine.begin() as connection:
        connection.execute(delete(batch))
    remove(line, delivery, delivery.c.event_id.in_(facts_of(order, "order_completed")))

    reconciled(line)
    line.deliver()

    assert line.segment.drops["duplicate"] == 1
    assert statuses(line, order)["order_completed"] == "accepted"


# Refunds that do not move the order's time


def refund_quietly(line: Pipeline, order: str, amount: int) -> None:
    before = line.shop.order(order)["meta"]["timestamps"]["updated_at"]
    line.shop.refund(order, amount)
    held = line.shop.entry(order).held()
    held.document["meta"]["timestamps"]["updated_at"] = before
    line.shop.put_raw(held.document, held.items, held.transactions)


def cycle_of(line: Pipeline) -> Counter[str]:
    """Seven days, a look on each."""
    outcome: Counter[str] = Counter()
    for _ in range(7):
        outcome += look_for_refunds(line.store())
        line.deliver()
        later(line, 1)
    return outcome


def test_a_refund_that_changes_nothing_else_is_found_within_its_cycle(line):
    orders = sell(line, 10)
    settled(line, 1)
    refund_quietly(line, orders[3], 250)
    line.run()
    assert "order_refunded" not in statuses(line, orders[3])

    outcome = cycle_of(line)

    assert (outcome["looked_at"], outcome["found"]) == (10, 1)
    assert gaps(line) == [(orders[3], LATE_REFUND, State.HEALED)]
    assert statuses(line, orders[3])["order_refunded"] == "accepted"
    (refund,) = line.messages("Order Refunded")
    assert refund["properties"]["order_id"] == orders[3]
    assert "found" not in +cycle_of(line)
    assert len(line.messages("Order Refunded")) == 1


def test_each_order_has_its_turn_once_in_a_cycle_also_after_an_outage(line):
    sell(line, 10)
    settled(line, 1)

    first = look_for_refunds(line.store())
    again = look_for_refunds(line.store())
    later(line, 6)
    after = look_for_refunds(line.store())

    assert again == {}
    assert first["looked_at"] + after["looked_at"] == 10


def test_refunds_are_not_looked_for_where_transactions_are_not_read(ledger):
    with pipeline(ledger, transactions="never") as line:
        sell(line)
        line.run()
        line.shop.requests.clear()

        assert look_for_refunds(line.store()) == {}
        assert line.shop.requests.total == 0


def test_customers_who_are_gone_are_told_as_deleted(ledger):
    with pipeline(ledger, people=["customers"], trackings={}) as line:
        line.shop.clock = START + DAY / 2
        line.clock.sleep((START + DAY / 2 - line.clock.now()).total_seconds())
        gone = line.shop.place_order(buyer="customer") and line.shop.customer_ids()[0]
        later(line, 1)
        capture_changes(line.store(), "customers")
        line.shop.delete_customer(gone)
        later(line, 1)
        capture_changes(line.store(), "customers")

        outcome = reconcile(line.store(), "customers", START, START + 30 * DAY)

        assert outcome["noted"] == 1
        assert reconcile(line.store(), "customers", START, START + 30 * DAY)["news"] == 0
