"""The form from end to end: real Airflow, the stand-ins over HTTP, a ledger on SQLite and on Postgres."""

from pathlib import Path

import pytest
from airflow_runs import run_dag

from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.waiting import Choice
from commerce_events.sandbox.run import Sandbox

COMPLETED = "segment/elasticpath/order_completed.jsonata"


@pytest.fixture
def quarantined(deployment: Sandbox, include: Path) -> Sandbox:
    """Every Order Completed broke its contract, by a template that has been mended since."""
    templates = include / "templates"
    source = templates.resolve()
    templates.unlink()
    for file in source.rglob("*.jsonata"):
        copy = templates / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text())
    good = (templates / COMPLETED).read_text()
    (templates / COMPLETED).write_text(good.replace('"currency": ', '"money": '))
    run_dag("sync_orders")
    (templates / COMPLETED).write_text(good)
    return deployment


def waiting(ledger: Ledger) -> int:
    return sum(group.count for group in ledger.waiting.groups(Choice()))


def test_a_look_counts_and_a_replay_puts_back_in_line(quarantined: Sandbox, ledger: Ledger) -> None:
    before = waiting(ledger)

    look = run_dag("replay", message="order_completed")
    done = run_dag("replay", message="order_completed", dry_run=False)

    assert before > 0
    assert (look.state, done.state) == ("success", "success")
    assert look.xcom["count.return_value"] == {"order_completed quarantined contract:required": before}
    assert look.xcom["apply.return_value"] == done.xcom["apply.return_value"] == {"pending": before}
    assert waiting(ledger) == 0


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_to_discard_somebody_must_say_why(quarantined: Sandbox, ledger: Ledger) -> None:
    before = waiting(ledger)

    silent = run_dag("replay", action="discard", dry_run=False)
    said = run_dag("replay", action="discard", dry_run=False, why="asked by the shop")

    assert (silent.state, said.state) == ("failed", "success")
    assert said.xcom["apply.return_value"] == {"discarded": before}
    assert {entry.who for entry in ledger.decisions.entries(999)} == {"dag_test"}


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_what_to_correct_must_be_chosen(deployment: Sandbox) -> None:
    assert run_dag("replay", action="correct").state == "failed"
    chosen = run_dag("replay", action="correct", message="order_completed", dry_run=True)
    assert chosen.xcom["count.return_value"] == {"sent": 0}
