"""Every record of the store is accounted for, or named: beside a sync, and by stores that count days."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from pipeline import Pipeline, pipeline
from sqlalchemy import delete

from commerce_events.domain.errors import AttentionError
from commerce_events.domain.records import Reject
from commerce_events.ledger.tables import record
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.steps.capture import capture_changes, capture_records
from commerce_events.steps.deliver import deliver
from commerce_events.steps.erase import erase_person
from commerce_events.steps.verification import COLUMNS, Fault, Verification
from commerce_events.steps.verify import verify

START = datetime(2026, 2, 26, tzinfo=UTC)
END = datetime(2026, 3, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def place(line: Pipeline, at: datetime, count: int = 1, **order: object) -> list[str]:
    line.shop.clock = at
    return [line.shop.place_order(buyer="guest", **order) for _ in range(count)]


def filled(line: Pipeline) -> list[str]:
    """Orders on three days around the end of a month, one of them at the last second of a day."""
    placed = place(line, START + timedelta(hours=23, minutes=59, seconds=59), 2)
    placed += place(line, START + 2 * DAY, 3) + place(line, START + 3 * DAY + timedelta(hours=5))
    line.shop.pay(placed[0])
    return placed


def verified(line: Pipeline, start: datetime = START, end: datetime = END) -> Verification:
    return verify(line.store(), "orders", start, end)


def found(verification: Verification) -> list[tuple[str, str, Fault]]:
    return [(gap.day.isoformat(), gap.record_id, gap.fault) for gap in verification.gaps]


def lists_asked(line: Pipeline) -> int:
    """Requests for whole pages of orders."""
    asked = [each for each in line.shop.requests.recent if each.path == "/v2/orders"]
    return sum(each.parameters().get("page[limit]") != "1" for each in asked)


def forget(line: Pipeline, *ids: str) -> None:
    """As a ledger does that was restored from yesterday's copy."""
    with line.ledger.engine.begin() as connection:
        connection.execute(delete(record).where(record.c.record_id.in_(ids)))


def test_all_is_accounted_for_by_counting_alone(line):
    filled(line)
    line.run()
    line.shop.requests.clear()

    whole = verified(line)

    assert whole.is_complete
    assert [(day.day.isoformat(), day.store, day.records) for day in whole.days if day.store] == [
        ("2026-02-26", 2, 2),
        ("2026-02-28", 3, 3),
        ("2026-03-01", 1, 1),
    ]
    assert whole.rows()[-1] == ("all", 6, 6, 0, 0, 0, 0, 0, 0, 0)
    assert whole.text().splitlines()[1].split() == ["2026-02-26", "2", "2", *"0000000"]
    assert lists_asked(line) == 0


def test_a_record_that_the_ledger_lacks_is_named_and_no_other_day_is_listed(line):
    placed = filled(line)
    line.run()
    forget(line, placed[3])
    line.shop.requests.clear()

    short = verified(line)

    assert found(short) == [("2026-02-28", placed[3], Fault.MISSING)]
    assert [day.day.isoformat() for day in short.days if day.listed] == ["2026-02-28"]
    assert lists_asked(line) == 1


def test_a_missed_transition_is_a_difference_although_the_counts_agree(line):
    placed = filled(line)
    line.run()
    line.shop.clock = END
    line.shop.pay(placed[2])

    behind = verified(line)

    assert found(behind) == [("2026-02-28", placed[2], Fault.BEHIND)]
    assert all(day.store == day.records for day in behind.days)


def test_what_the_store_has_no_more_is_named(line):
    kept = filled(line)
    line.run()
    with ElasticPathStandIn(seed=99) as other:
        for order in kept[1:]:
            other.put_raw(line.shop.order(order), line.shop.items(order), line.shop.transactions(order))
        moved = Pipeline(line.ledger, other, line.segment, line.settings)

        gone = verified(moved)

    assert found(gone) == [("2026-02-26", kept[0], Fault.GONE)]


def test_what_a_lagging_list_hides_is_not_gone(line):
    placed = filled(line)
    line.run()
    line.shop.clock = END
    line.shop.touch(placed[0])
    line.shop.habits.lag_seconds = 60

    assert verified(line).is_complete


def test_every_way_a_message_can_end_has_its_column(line):
    line.shop.clock = START
    good, *_ = (line.shop.place_order(buyer="guest") for _ in range(3))
    whole = line.shop.order(good)
    line.shop.put_raw(whole | {"id": "hollow", "relationships": {}})
    line.shop.put_raw(whole | {"id": "broken", "payment": None})
    line.run()
    refused = place(line, START)[0]
    line.capture()
    (told,) = line.ledger.reports.of_record("main", "orders", refused)
    line.segment.refuse(str(told.event_id))
    with pytest.raises(AttentionError):
        line.deliver()
    place(line, START)
    line.capture()

    (day,) = verified(line, START, START + DAY).days

    assert day.adds_up
    assert dict(zip(COLUMNS, day.row(), strict=True)) == {
        "day": "2026-02-26",
        "store": 7,
        "accepted": 3,
        "filtered": 0,
        "pending": 1,
        "quarantined": 1,
        "dead": 1,
        "silent": 0,
        "rejects": 1,
        "gaps": 0,
    }
    assert day.reasons() == {"quarantined contract:minItems": 1, "dead refused": 1}


def test_filtered_records_are_told_apart_by_their_reason(ledger):
    tracking = {"checkout_started": {"enabled": False}}
    with pipeline(ledger, start="2026-02-28T00:00:00Z", trackings=tracking) as line:
        line.shop.clock = START
        past = line.shop.place_order(buyer="guest")
        line.shop.clock = END
        line.shop.touch(past)
        place(line, START + 3 * DAY)
        line.run()

        whole = verified(line, START, END)

        assert whole.is_complete
        assert dict(whole.reasons()) == {"filtered tracking_off": 2}


def test_an_unreadable_record_that_the_ledger_does_not_know_is_a_gap(line):
    placed = filled(line)
    line.run()
    line.shop.clock = START
    line.shop.put_raw(line.shop.order(placed[0]) | {"id": "broken", "payment": None})

    assert [(gap.record_id, gap.fault) for gap in verified(line).gaps] == [("broken", Fault.UNREADABLE)]

    line.store().ledger.rejects.keep(
        "main", "orders", [Reject("broken", "missing_state", "$.data.payment", "", b"")], line.clock.now()
    )
    assert verified(line).is_complete


def test_what_changed_a_moment_ago_is_left_to_the_sync(line):
    placed = filled(line)
    line.run()
    line.shop.clock = line.clock.now() - timedelta(minutes=3)
    line.shop.pay(placed[2])
    forget(line, placed[2])

    beside = verified(line)

    assert beside.is_complete
    assert [day.coming for day in beside.days if day.coming] == [1]
    line.clock.sleep(3600)
    assert found(verified(line)) == [("2026-02-28", placed[2], Fault.MISSING)]


def test_what_is_younger_than_the_settling_time_is_not_judged(line):
    filled(line)
    line.run()
    place(line, line.clock.now() - timedelta(minutes=5))

    whole = verified(line, START, line.clock.now() + DAY)

    assert whole.is_complete
    assert whole.end <= line.clock.now() - timedelta(minutes=15)
    assert sum(day.store for day in whole.days) == 6


@pytest.mark.parametrize("missing", [False, True])
def test_a_store_that_counts_by_the_day_is_listed_where_a_day_is_cut(line, missing):
    line.shop.habits.day_granularity = True
    early = place(line, START + timedelta(hours=2), 2)
    late = place(line, START + timedelta(hours=20), 2)
    line.run()
    if missing:
        forget(line, *early)

    cut = verified(line, START, START + timedelta(hours=12))
    tail = verified(line, START + timedelta(hours=12), START + DAY)

    assert [gap.record_id for gap in cut.gaps] == (sorted(early) if missing else [])
    assert (cut.days[0].store, tail.days[0].store) == (2, len(late))
    assert tail.is_complete


def test_a_cut_day_is_counted_where_the_store_tells_seconds(line):
    place(line, START + timedelta(hours=2), 2)
    place(line, START + timedelta(hours=20), 3)
    line.run()
    line.shop.requests.clear()

    cut = verified(line, START, START + timedelta(hours=12))

    assert (cut.days[0].store, cut.is_complete, lists_asked(line)) == (2, True, 0)


@pytest.mark.parametrize(
    ("start", "end"), [(START, START), (END, START), (END + 3650 * DAY, END + 3651 * DAY)]
)
def test_a_span_with_nothing_in_it_is_complete(line, start, end):
    filled(line)

    empty = verified(line, start, end)

    assert (empty.is_complete, list(empty.days), empty.rows()) == (True, [], [])


def test_an_empty_store_is_complete(line):
    assert verified(line).is_complete


def test_erased_orders_are_compared_by_their_ids(line):
    placed = filled(line)
    line.run()
    person = line.store().renderer.identity(line.source().read("orders", placed[2])).person
    erase_person(line.store(), str(person))
    line.shop.clock = END
    line.shop.pay(placed[3])

    assert found(verified(line)) == [("2026-02-28", placed[3], Fault.BEHIND)]


def test_people_are_verified_too(ledger):
    with pipeline(ledger, people=["customers"]) as line:
        line.shop.clock = START
        _, gone, changed = (line.shop.add_customer(email=f"{n}@shop.example") for n in range(3))
        capture_changes(line.store(), "customers")
        line.shop.delete_customer(gone)
        line.shop.clock = END
        line.shop.edit_customer(changed, name="Somebody Else")

        first = verify(line.store(), "customers", START, END)
        capture_records(line.store(), "customers", [gone, changed])
        second = verify(line.store(), "customers", START, END)

        assert {gap.record_id: gap.fault for gap in first.gaps} == {gone: Fault.GONE, changed: Fault.BEHIND}
        assert second.is_complete
        assert (second.days[0].store, second.days[0].records, second.days[0].deleted) == (2, 3, 1)


def test_account_members_are_listed_since_nobody_can_count_them_by_time(ledger):
    identity = {"prefer": ["account_member", "customer"]}
    with pipeline(ledger, people=["account_members"], identity=identity) as line:
        line.shop.clock = START
        members = [line.shop.add_account_member(email=f"{n}@shop.example") for n in range(3)]
        line.shop.clock = START + DAY
        members.append(line.shop.add_account_member(email="4@shop.example"))
        capture_changes(line.store(), "account_members")
        forget(line, members[1])

        short = verify(line.store(), "account_members", START, END)

        assert [(gap.record_id, gap.fault) for gap in short.gaps] == [(members[1], Fault.MISSING)]
        assert [day.store for day in short.days][:2] == [3, 1]


def test_nothing_is_found_missing_while_a_sync_runs(ledger):
    with pipeline(ledger, orders=120) as line:
        line.run()
        orders = line.shop.order_ids()
        stop = Event()

        def live() -> None:
            for order in orders * 20:
                if stop.is_set():
                    return
                line.shop.touch(order)
                line.capture()

        running = Thread(target=live)
        running.start()
        try:
            end = line.clock.now() + DAY
            results = [verify(line.store(), "orders", end - 90 * DAY, end) for _ in range(2)]
        finally:
            stop.set()
            running.join()

        assert [gap for each in results for gap in each.gaps] == []
        assert all(day.adds_up for each in results for day in each.days)
        assert deliver(ledger, [line.destination()], budget=DAY, clock=line.clock.clock())["dead"] == 0
