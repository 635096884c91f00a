"""Somebody is told when something goes wrong, gets worse or is well again: once for each change."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from loopback import loopback
from pipeline import Pipeline

from commerce_events.airflow.notifiers import notifiers
from commerce_events.config import Notify
from commerce_events.domain.alerts import Change, Level, Limits, Rule
from commerce_events.domain.errors import TransientError
from commerce_events.ledger.found import Figure
from commerce_events.sandbox import faults
from commerce_events.steps.watch import Watched, look, raise_late, tell, watch

HOUR = timedelta(hours=1)


def watched(line: Pipeline) -> Watched:
    return replace(Watched.of(line.settings), least_rows=2)


def findings(line: Pipeline, rule: Rule) -> list[tuple[str, Level, float]]:
    found = look(line.ledger, watched(line), line.clock.now())
    return [(one.scope, one.level, round(one.value, 3)) for one in found if one.rule == rule]


class Heard:
    """Whoever is told, and whether they can be reached."""

    def __init__(self) -> None:
        self.changes: list[str] = []
        self.away = False

    def __call__(self, change: Change) -> None:
        if self.away:
            raise TransientError("answered 503")
        self.changes.append(f"{change.rule} {change.scope} {change.word}")


def run(line: Pipeline, heard: Heard) -> None:
    line.capture()
    line.deliver(budget=timedelta(seconds=20))
    watch(line.ledger, watched(line), {"sink": heard}, now=line.clock.now())


def test_ten_failing_runs_and_a_recovery_are_two_notifications(line, monkeypatch):
    """Over real HTTP, by the notifier that a deployment would use."""
    with loopback() as sink:
        where = {"conn_type": "http", "host": f"{sink.url}/hook", "password": "token"}
        monkeypatch.setenv("AIRFLOW_CONN_ALERTS", json.dumps(where))
        told = notifiers(Notify(webhook="alerts"))
        line.shop.place_order(buyer="customer")
        line.run()
        watch(line.ledger, watched(line), told, now=line.clock.now())
        line.segment.faults.always(faults.status(503))
        line.shop.place_order(buyer="customer")
        line.capture()
        line.clock.sleep(3 * 3600)

        for _ in range(10):
            line.capture()
            line.deliver(budget=timedelta(seconds=5))
            watch(line.ledger, watched(line), told, now=line.clock.now())
            line.clock.sleep(300)
        line.segment.faults.clear()
        line.run()
        for _ in range(3):
            watch(line.ledger, watched(line), told, now=line.clock.now() + 2 * HOUR)

    bodies = [json.loads(one.body) for one in sink.heard]
    lag = [one for one in bodies if one["rule"] == "lag"]
    assert [(one["before"], one["level"]) for one in lag] == [("ok", "critical"), ("critical", "recovered")]
    assert {one["rule"] for one in bodies} <= {"lag", "watermark"}
    assert {one.headers["Authorization"] for one in sink.heard} == {"Bearer token"}
    assert {one.line for one in sink.heard} == {"POST /hook HTTP/1.1"}


def test_worse_and_better_are_changes_too(line):
    heard, limits = Heard(), {**watched(line).limits, Rule.DEAD: Limits(1, 2)}
    here = replace(watched(line), limits=limits)
    line.segment.faults.always(faults.status(413))

    for _ in range(2):
        line.shop.place_order(buyer="customer")
        line.capture()
        with pytest.raises(Exception, match="dead letters"):
            line.deliver()
        watch(line.ledger, here, {"sink": heard}, now=line.clock.now())
        watch(line.ledger, here, {"sink": heard}, now=line.clock.now())

    assert heard.changes == ["dead segment warning", "dead segment critical"]


def test_what_nobody_could_be_told_is_told_by_the_next_run(line):
    heard = Heard()
    heard.away = True
    raise_or_none(lambda: raise_late(line.ledger, {"sink": heard}, "sync_orders", now=line.clock.now()))
    heard.away = False

    again = tell(line.ledger, {"sink": heard}, line.clock.now())

    assert again == 1
    assert heard.changes == ["deadline sync_orders critical"]


def raise_or_none(work: Callable[[], object]) -> None:
    with pytest.raises(TransientError, match=r"sink \(answered 503\)"):
        work()


def test_whoever_was_told_is_not_told_again_because_another_was_away(line):
    present, absent = Heard(), Heard()
    absent.away = True

    raise_or_none(
        lambda: raise_late(
            line.ledger, {"there": present, "sink": absent}, "sync_orders", now=line.clock.now()
        )
    )
    absent.away = False
    tell(line.ledger, {"there": present, "sink": absent}, line.clock.now())

    assert (len(present.changes), len(absent.changes)) == (1, 0)


def test_two_runs_at_once_tell_a_change_once(line):
    now = line.clock.now()
    raise_late(line.ledger, {}, "other", now=now)
    found = line.ledger.alerts

    heard = Heard()
    heard.away = True
    raise_or_none(lambda: raise_late(line.ledger, {"sink": heard}, "sync_orders", now=now))
    first, second = found.take(now), found.take(now)
    later = found.take(now + timedelta(minutes=5))

    assert (len(first), len(second), len(later)) == (1, 0, 1)


def test_a_late_run_recovers_when_a_run_ends(line):
    heard = Heard()
    raise_late(line.ledger, {"sink": heard}, "sync_orders", now=line.clock.now())
    raise_late(line.ledger, {"sink": heard}, "sync_orders", now=line.clock.now())

    watch(line.ledger, watched(line), {"sink": heard}, now=line.clock.now(), run_of="sync_orders")

    assert heard.changes == ["deadline sync_orders critical", "deadline sync_orders recovered"]


def test_a_quiet_store_is_told_of_and_an_empty_one_is_not(line):
    line.run()
    assert findings(line, Rule.SILENCE) == []

    line.shop.place_order(buyer="customer")
    line.run()
    assert findings(line, Rule.SILENCE) == [("main/orders", Level.OK, 0.0)]
    line.clock.sleep(25 * 3600)
    assert findings(line, Rule.SILENCE) == [("main/orders", Level.WARNING, 25.0)]
    line.clock.sleep(30 * 24 * 3600)
    assert findings(line, Rule.SILENCE) == [("main/orders", Level.CRITICAL, 168.0)]


def test_a_stream_whose_captures_never_end_is_told_of(line):
    line.shop.place_order(buyer="customer")
    line.run()
    assert [level for _, level, _ in findings(line, Rule.WATERMARK)] == [Level.OK]

    line.clock.sleep(5 * 3600)

    assert [level for _, level, _ in findings(line, Rule.WATERMARK)] == [Level.CRITICAL]


def test_lag_is_that_of_the_95th_of_a_hundred(line):
    line.segment.faults.always(faults.status(503))
    for _ in range(19):
        line.shop.place_order(buyer="customer")
    line.capture()
    line.clock.sleep(40 * 60)
    line.shop.place_order(buyer="customer")
    line.capture()

    (scope, level, minutes) = findings(line, Rule.LAG)[0]
    assert (scope, level) == ("segment", Level.WARNING)
    assert 40 <= minutes < 42


def test_the_worst_finished_day_decides_about_accuracy(line):
    now = line.clock.now()
    days = [
        Figure("main", "orders", (now - ago * timedelta(days=1)).date(), 200, got)
        for ago, got in ((0, 0), (1, 200), (2, 197), (30, 0))
    ]
    line.ledger.findings.note_days(1, days, [], now)
    line.ledger.findings.note_days(1, [Figure("gone", "orders", days[1].day, 9, 0)], [], now)

    assert findings(line, Rule.ACCURACY) == [("main/orders", Level.CRITICAL, 0.985)]


def test_quarantined_messages_and_their_share(line):
    for _ in range(2):
        order = line.shop.place_order(buyer="customer")
        document = line.shop.order(order) | {"id": f"{order}-broken", "relationships": {}}
        line.shop.put_raw(document, items=[], transactions=[])
    line.run()

    assert findings(line, Rule.QUARANTINE) == [("all messages", Level.CRITICAL, 0.5)]
