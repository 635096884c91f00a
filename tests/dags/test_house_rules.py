"""DAG files are tables of contents: no logic, no I/O, nothing that a step should do."""

from pathlib import Path

import pytest
from house_rules import complaints

DAGS = Path(__file__).parents[2] / "dags"
GOOD = '''\
"""What it does, and when.

A second run does no harm.
"""

from airflow.sdk import CronTriggerTimetable, dag, task

from commerce_events.airflow import connections
from commerce_events.airflow.defaults import DEFAULTS
from commerce_events.steps.report import report_run


@dag(
    schedule=CronTriggerTimetable("@daily", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["commerce"],
    doc_md=__doc__,
)
def sample() -> None:
    @task
    def report() -> dict[str, int]:
        return report_run(connections.open_ledger())

    report()


sample()
'''


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_keeps_the_house_rules(path: Path) -> None:
    assert complaints(path.read_text("utf-8"), path.stem) == []


def test_the_sample_that_the_others_break_is_good() -> None:
    assert complaints(GOOD, "sample") == []


BODY = "        return report_run(connections.open_ledger())"


@pytest.mark.parametrize(
    ("found", "replacement", "complaint"),
    [
        ("\n\nA second run does no harm.", "", "begin with a docstring"),
        ("from airflow.sdk", "import os\nfrom airflow.sdk", "import by `from ... import ...`"),
        ("from airflow.sdk", "from requests import get\nfrom airflow.sdk", "do not import requests"),
        ("from airflow.sdk", "from os import environ\nfrom airflow.sdk", "do not import os"),
        ("from airflow.sdk", "from sqlalchemy import text\nfrom airflow.sdk", "do not import sqlalchemy"),
        ("from commerce_events.airflow import", "from .airflow import", "write absolute imports"),
        ("dag, task", "Variable, dag, task", "leave Variable to commerce_events.airflow"),
        (BODY, "        for _ in []:\n    " + BODY, "move this For into a step"),
        (BODY, "        while True:\n    " + BODY, "move this While into a step"),
        (BODY, "        if True:\n    " + BODY, "move this If into a step"),
        (
            BODY,
            "        try:\n    " + BODY + "\n        finally:\n            pass",
            "move this Try into a step",
        ),
        (BODY, "        return [n for n in connections.store_names()]", "move this ListComp into a step"),
        (BODY, '        return report_run("https://api.example.com")', "put addresses into a connection"),
        (BODY, '        return report_run("SELECT 1")', "put SQL into the ledger"),
        (
            BODY,
            "        ledger = connections.open_ledger()\n        return report_run(ledger)",
            "be one call",
        ),
        (BODY, "        return dict(report_run(connections.open_ledger()))", "be one call"),
        (BODY, "        return {}", "be one call"),
        ("dict[str, int]", "list[dict[str, str]]", "records stay in the ledger"),
        (" -> dict[str, int]", "", "records stay in the ledger"),
        ("    @task\n", "", "make it a @task"),
        (
            "\n\n@dag",
            "\n\nledger = connections.open_ledger()\n\n\n@dag",
            "only imports, constants and the DAG",
        ),
        ("\n\n@dag", "\n\ndef extra() -> None: ...\n\n\n@dag", "one function at the top level"),
        ("def sample", "def other", "called sample like its file"),
        ('CronTriggerTimetable("@daily", timezone="UTC")', '"@daily"', "name the timetable"),
        ("catchup=False", "catchup=True", "say catchup=False"),
        ("max_active_runs=1", "max_active_runs=2", "say max_active_runs=1"),
        ("default_args=DEFAULTS", "default_args={}", "say default_args=DEFAULTS"),
        ("    doc_md=__doc__,\n", "", "say doc_md=__doc__"),
        ('tags=["commerce"]', "tags=[]", "tag it 'commerce'"),
    ],
)
def test_each_rule_finds_what_it_is_for(found: str, replacement: str, complaint: str) -> None:
    assert found in GOOD

    said = complaints(GOOD.replace(found, replacement, 1), "sample")

    assert any(complaint in one for one in said), said
