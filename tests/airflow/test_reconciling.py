"""How far back a run of `reconcile` looks: by its form, or by what was compared before."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from commerce_events.airflow import reconciling, wall
from commerce_events.domain.errors import ConfigurationError
from commerce_events.ledger.found import Tally
from commerce_events.ledger.ledger import Ledger

STREAM = "main/orders"
SHORT, LONG = timedelta(days=2), timedelta(days=30)
on_sqlite = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)


def reached(ledger: Ledger, **form: Any) -> timedelta:
    start, end = reconciling.reach(ledger, "store", STREAM, form)
    assert end - wall.now() < timedelta(seconds=1)
    return end - start


def compared(ledger: Ledger, days: int, hours_ago: int = 1) -> None:
    then = wall.now() - timedelta(hours=hours_ago)
    number = ledger.findings.begin("store", STREAM, (then - timedelta(days=days), then), None, then)
    ledger.findings.finish(number, Tally(), then)


@on_sqlite
def test_once_a_day_a_run_looks_back_thirty_days_and_else_two(ledger):
    at_first = reached(ledger)
    compared(ledger, days=30, hours_ago=22)
    compared(ledger, days=2)
    soon = reached(ledger)

    assert (at_first, soon) == (LONG, SHORT)


@on_sqlite
def test_the_first_run_after_an_outage_looks_back_thirty_days(ledger):
    compared(ledger, days=30, hours_ago=60)
    compared(ledger, days=2, hours_ago=59)

    assert reached(ledger) == LONG


@on_sqlite
def test_a_form_names_whole_days(ledger):
    form = {"since": "2026-03-01", "until": "2026-03-03"}

    span = reconciling.reach(ledger, "store", STREAM, form)

    assert span == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))


@on_sqlite
@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"since": "2026-03-02", "until": "2026-03-01"}, "the first day must come first"),
        ({"since": "yesterday"}, "must look like"),
        ({"since": "2999-01-01"}, "2999-01-01 lies in the future"),
    ],
)
def test_a_form_that_cannot_be_is_an_error(ledger, form, fault):
    with pytest.raises(ConfigurationError, match=fault):
        reconciling.reach(ledger, "store", STREAM, form)


def test_one_day_is_enough_for_a_span():
    assert reconciling.span_of(date(2026, 3, 1), date(2026, 3, 1)) == (
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=UTC),
    )


@on_sqlite
def test_a_public_api_that_is_named_must_exist(deployment: Any, include: Path, monkeypatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SEGMENT_PUBLIC_API_DEFAULT")
    assert reconciling.destinations() == []

    with (include / "commerce.toml").open("a") as settings:
        settings.write('\n[destinations.segment]\npublic_api = "nobody_made_it"\n')

    assert reconciling.destinations() == ["segment"]
    with pytest.raises(ConfigurationError, match="nobody_made_it"):
        reconciling.open_far_end("segment")
