"""Hints become what the polls would have found, once, whatever order, number or state they come in."""

import shutil
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hinting import Hinting, hinting
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import ConfigurationError, TransientError
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import fact, inbox
from commerce_events.sandbox.activity import move_on
from commerce_events.sandbox.faults import status
from commerce_events.steps.capture import capture_changes, capture_records
from commerce_events.steps.erase import erase_person
from commerce_events.steps.ingest import ingest


@pytest.fixture
def shop(ledger):
    with hinting(ledger) as found:
        yield found


@pytest.fixture
def people_shop(ledger):
    with hinting(ledger, people=["customers"], trackings=TOLD) as found:
        yield found


TOLD = {"customer_updated": {"trigger": "customer.deleted"}}


def kinds(shop: Hinting, record: str, stream: str = "orders") -> list[str]:
    return [told.kind for told in shop.ledger.reports.of_record("main", stream, record)]


def orders_read(shop: Hinting) -> int:
    return shop.line.shop.requests.counts["GET /v2/orders/{id}"]


def test_an_order_that_the_store_tells_of_is_accepted_at_once(shop):
    order = shop.line.shop.place_order(buyer="guest")
    shop.line.shop.pay(order)
    shop.arrive()

    shop.ingest()

    assert kinds(shop, order) == ["checkout_started", "order_completed"]
    assert len(shop.line.messages()) == 2
    assert set(shop.fates()) == {"captured"}


def test_a_hint_leaves_nothing_of_the_person_behind_once_it_has_ended(shop):
    shop.line.shop.place_order(buyer="guest")
    shop.arrive()
    assert all(row.body for row in shop.rows())

    shop.ingest()

    assert [row.body for row in shop.rows()] == [None]


def test_an_erasure_reaches_what_still_waits_in_the_inbox(people_shop):
    customer = people_shop.line.shop.add_customer(email="gone@shop.example")
    people_shop.arrive()
    people_shop.ingest()
    people_shop.line.shop.place_order(buyer=customer)
    people_shop.line.shop.edit_customer(customer, name="Ann Lee")
    people_shop.arrive()

    erase_person(people_shop.line.store(), customer)

    assert [row for row in people_shop.rows() if row.body and b"gone@" in row.body] == []
    people_shop.ingest()
    assert set(people_shop.fates()) == {"captured"}
    assert "Ann Lee" not in str(people_shop.line.messages())


def test_however_many_hints_name_an_order_it_is_read_once(shop):
    order = shop.line.shop.place_order(buyer="guest")
    shop.line.shop.pay(order)
    for _ in range(5):
        shop.line.shop.touch(order)
    shop.arrive()

    shop.ingest()

    assert len(shop.rows()) > 5
    assert orders_read(shop) == 1
    assert shop.line.shop.requests.counts["GET /v2/orders/{id}/transactions"] == 1


def test_a_hint_about_a_moment_before_the_known_one_costs_no_request(shop):
    order = shop.line.shop.place_order(buyer="guest")
    shop.arrive()
    shop.line.shop.advance(5)
    shop.line.shop.pay(order)
    capture_changes(shop.line.store(), "orders")
    read = orders_read(shop)
    shop.arrive()

    shop.ingest()

    assert orders_read(shop) == read + 1  # for order.paid and order.updated; not for order.created
    assert shop.fates() == {"known": 1, "captured": 2}


def test_a_partial_refund_is_known_by_its_transaction(shop):
    order = shop.line.shop.place_order(buyer="guest")
    shop.line.shop.pay(order)
    shop.arrive()
    shop.ingest()

    shop.line.shop.refund(order, 1)
    shop.arrive()
    shop.ingest()

    assert kinds(shop, order).count("order_refunded") == 1
    assert "ignored" not in " ".join(shop.fates())


def test_a_partial_refund_that_leaves_its_order_as_it_was_is_known_by_its_transaction(shop):
    store = shop.line.shop
    order = store.place_order(buyer="guest")
    store.pay(order)
    store.advance(600)
    shop.arrive()
    shop.ingest()
    shop.line.capture()  # the order is settled: it was looked at long after its last change
    before = store.order(order)["meta"]["timestamps"]["updated_at"]

    store.watchers.clear()
    store.refund(order, 250)
    held = store.entry(order).held()
    held.document["meta"]["timestamps"]["updated_at"] = before
    store.put_raw(held.document, held.items, held.transactions)
    told = {"type": "transaction", "id": "t", "relationships": {"order": {"data": {"id": order}}}}
    shop.leave("transaction.updated", {"data": told}, event="refund")
    shop.ingest()

    assert kinds(shop, order).count("order_refunded") == 1


def test_the_same_fact_through_every_door_is_one_row(shop):
    order = shop.line.shop.place_order(buyer="guest")
    shop.line.shop.pay(order)
    shop.arrive()
    shop.ingest()
    shop.leave("order.paid", {"data": {"type": "order", "id": order}}, event="q", door=Door.QUEUE)
    shop.ingest()
    capture_changes(shop.line.store(), "orders")
    capture_records(replace(shop.line.store(), door=Door.BACKFILL), "orders", [order])
    shop.line.deliver()

    assert kinds(shop, order) == ["checkout_started", "order_completed"]
    assert len(shop.line.messages()) == 2
    assert shop.line.segment.inbox.duplicates() == 0


@pytest.mark.parametrize("door", [Door.WEBHOOK, Door.QUEUE])
def test_a_fact_says_through_which_door_it_was_met(shop, door):
    shop.line.shop.integrations.delete(shop.line.shop.integrations.all()[0]["id"])
    order = shop.line.shop.place_order(buyer="guest")
    shop.leave("order.updated", {"data": {"id": order}}, door=door)

    shop.ingest()

    with shop.ledger.engine.connect() as connection:
        assert connection.scalars(select(fact.c.door)).all() == [door]


def test_a_deletion_is_believed_only_if_the_store_has_the_person_no_more(people_shop):
    customer = people_shop.line.shop.add_customer(email="still@shop.example")
    people_shop.arrive()
    people_shop.ingest()

    people_shop.leave("customer.deleted", {"type": "customer", "id": customer})
    people_shop.ingest()

    assert kinds(people_shop, customer, "customers") == ["customer_created"]
    assert people_shop.fates()["waiting"] == 1  # the store may show it yet
    people_shop.line.clock.sleep(180)
    people_shop.ingest()
    assert "waiting" not in people_shop.fates()


def test_a_deleted_person_is_told_once(people_shop):
    customer = people_shop.line.shop.add_customer(email="gone@shop.example")
    people_shop.arrive()
    people_shop.ingest()
    people_shop.line.shop.delete_customer(customer)
    people_shop.arrive()

    people_shop.ingest()
    people_shop.leave("customer.deleted", {"type": "customer", "id": customer}, event="again")
    people_shop.ingest()

    assert kinds(people_shop, customer, "customers") == ["customer_created", "customer_updated"]
    assert set(people_shop.fates()) == {"captured"}


def test_an_order_that_the_store_does_not_show_yet_is_waited_for(shop):
    shop.leave("order.created", {"data": {"type": "order", "id": "to-come"}})

    shop.ingest()

    assert shop.fates() == {"waiting": 1}
    assert shop.ledger.reports.open_rejects() == []
    shop.line.clock.sleep(180)
    shop.ingest()
    assert shop.fates() == {"rejected not_found": 1}
    assert len(shop.ledger.reports.open_rejects()) == 1


def test_what_the_store_shows_late_is_waited_for(shop):
    order = shop.line.shop.place_order(buyer="guest")
    shop.arrive()
    later = "2099-01-01T00:00:00Z"
    shop.leave("order.paid", {"data": {"id": order, "meta": {"timestamps": {"updated_at": later}}}})

    shop.ingest()

    assert shop.fates() == {"captured": 1, "waiting": 1}


@pytest.mark.parametrize(
    ("trigger", "resource", "fate"),
    [
        ("cart.updated", {"data": {"type": "cart", "id": "c"}}, "ignored unknown_trigger"),
        ("", {"data": {"type": "order", "id": "o"}}, "ignored unknown_trigger"),
        ("customer.updated", {"data": {"type": "customer", "id": "c"}}, "ignored stream_off"),
        ("order.paid", {"data": {"type": "order"}}, "rejected missing_id"),
        ("order.paid", {"data": {"type": "order", "id": ".."}}, "rejected missing_id"),
        ("order.paid", "nothing of use", "rejected missing_id"),
        ("transaction.updated", {"data": {"type": "transaction", "id": "t"}}, "rejected missing_id"),
    ],
)
def test_hints_that_nothing_can_be_read_for_are_kept_with_the_reason(shop, trigger, resource, fate):
    shop.leave(trigger, resource)
    order = shop.line.shop.place_order(buyer="guest")
    shop.arrive()

    shop.ingest()

    assert shop.fates() == {fate: 1, "captured": 1}
    assert kinds(shop, order) == ["checkout_started"]
    assert len(shop.ledger.reports.open_rejects()) == fate.startswith("rejected")


def test_a_record_that_cannot_be_read_does_not_block_the_others(shop):
    order = shop.line.shop.place_order(buyer="guest")
    broken = shop.line.shop.put_raw({"type": "order", "id": "broken", "meta": {}})
    shop.leave("order.updated", {"data": {"id": broken}})
    shop.arrive()

    shop.ingest()

    assert kinds(shop, order) == ["checkout_started"]
    assert shop.fates()["captured"] == 1
    assert [fate for fate in shop.fates() if fate.startswith("rejected")]


def test_an_order_that_fails_at_the_store_waits_and_blocks_no_other(shop):
    good, bad = (shop.line.shop.place_order(buyer="guest") for _ in range(2))
    shop.arrive()
    shop.line.shop.faults.always(status(500), where=lambda path: bad in path)

    with pytest.raises(TransientError):
        shop.ingest()

    assert kinds(shop, good) == ["checkout_started"]
    assert shop.fates() == {"captured": 1, "waiting": 1}
    shop.line.shop.faults.clear()
    shop.ingest()
    assert kinds(shop, bad) == ["checkout_started"]


def test_a_store_that_is_down_is_not_asked_for_every_hint(shop):
    for _ in range(40):
        shop.line.shop.place_order(buyer="guest")
    shop.arrive()
    shop.line.shop.requests.clear()
    shop.line.shop.faults.always(status(503))

    with pytest.raises(TransientError):
        shop.ingest()

    assert shop.line.shop.requests.total < 150
    assert shop.fates() == {"waiting": 40}
    assert {row.attempts for row in shop.rows()} == {1}


def test_one_store_that_cannot_be_opened_keeps_no_other_from_its_turn(shop):
    order = shop.line.shop.place_order(buyer="guest")
    shop.arrive()
    shop.leave("order.paid", {"data": {"id": "o"}}, event="of another store")
    with shop.ledger.engine.begin() as connection:
        theirs = update(inbox).where(inbox.c.event_id == "of another store").values(store="closed")
        connection.execute(theirs)

    def refuse():
        raise ConfigurationError("no such connection")

    stores = {"closed": refuse, "main": shop.line.store}
    with pytest.raises(ConfigurationError):
        ingest(
            shop.ledger,
            stores,
            [shop.line.destination()],
            budget=timedelta(minutes=1),
            clock=shop.line.clock.clock(),
        )

    assert kinds(shop, order) == ["checkout_started"]
    assert shop.fates() == {"captured": 1, "waiting": 1}


def test_a_burst_is_one_run(shop):
    dice = Random(7)
    orders = [shop.line.shop.place_order(buyer="guest") for _ in range(60)]
    for _ in range(120):
        shop.line.shop.touch(dice.choice(orders))
    shop.arrive()
    hints = len(shop.rows())

    outcome = shop.ingest()

    assert outcome["hints captured"] == hints == 180
    assert shop.ledger.inbox.count() == (0, None)
    assert orders_read(shop) == 60


def test_whoever_had_something_to_do_stays_for_what_comes_next(shop):
    first = shop.line.shop.place_order(buyer="guest")
    shop.arrive()
    later = []

    def sleep(seconds):
        shop.line.clock.sleep(seconds)
        if not later:
            later.append(shop.line.shop.place_order(buyer="guest"))
            shop.arrive()

    clock = replace(shop.line.clock.clock(), sleep=sleep)
    ends = [shop.line.destination()]
    ingest(shop.ledger, {"main": shop.line.store}, ends, budget=timedelta(minutes=1), clock=clock)

    assert [kinds(shop, order) for order in (first, *later)] == [["checkout_started"]] * 2


def test_where_nothing_waits_nobody_stays(shop):
    before = shop.line.clock.now()

    shop.ingest()

    assert shop.line.clock.now() - before < timedelta(seconds=2)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), keeps_id=st.booleans())
def test_in_any_order_late_and_doubled_hints_tell_what_a_poll_tells(
    sqlite_template, tmp_path, seed, keeps_id
):
    told = {}
    for how in ("hints", "poll"):
        told[how] = _lived(sqlite_template, tmp_path / f"{how}-{seed}-{keeps_id}.db", seed, keeps_id, how)

    assert told["hints"] == told["poll"]


def _lived(template, path, seed, keeps_id, how) -> Counter[tuple[str, str]]:
    """Which facts a few lives come to, looked at through hints between their steps, or by one poll each."""
    shutil.copy(template, path)
    engine = open_engine(f"sqlite:///{path}")
    with hinting(Ledger(engine), trackings={"order_updated": {"enabled": False}}) as shop:
        shop.line.shop.announcer.manners.duplicates = 0.3
        shop.line.shop.announcer.manners.delay = 0.01
        shop.line.shop.announcer.manners.keeps_id = keeps_id
        dice = Random(seed)
        for _ in range(4):
            move_on(shop.line.shop, dice, 5)
            shop.line.shop.advance(2)
            if how == "hints":
                shop.arrive()
                shop.ingest()
            else:
                capture_changes(shop.line.store(), "orders")
        with engine.connect() as connection:
            rows = connection.execute(select(fact.c.kind, fact.c.revision)).all()
    engine.dispose()
    # The revision of an update is its time, and these lives are not lived at the same time.
    return Counter((row.kind, row.revision) for row in rows if row.kind != "order_updated")
