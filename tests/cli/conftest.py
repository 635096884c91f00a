"""The terminal that the commands are typed into."""

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import INCLUDE, SETTINGS, Terminal

from commerce_events.sandbox.segment import SegmentStandIn
from commerce_events.sandbox.store import ElasticPathStandIn


@pytest.fixture
def terminal(airflow_database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A store without orders, a Segment, a SQLite ledger that is not there yet."""
    for name in [name for name in os.environ if name.startswith("AIRFLOW_CONN_")]:
        monkeypatch.delenv(name)
    include = tmp_path / "include"
    shutil.copytree(INCLUDE, include)
    monkeypatch.setenv("AIRFLOW__COMMERCE_EVENTS__INCLUDE", str(include))
    ours = logging.getLogger("commerce_events")
    level = ours.level
    with ElasticPathStandIn(seed=7) as shop, SegmentStandIn() as segment:
        made = Terminal(include, shop, segment, tmp_path / "ledger.db", monkeypatch)
        made.settings(SETTINGS)
        made.connect_store()
        made.connect_segment()
        made.connect("commerce_ledger", conn_type="sqlite", host=str(made.ledger_file))
        yield made
    ours.setLevel(level)  # the command makes it quieter
