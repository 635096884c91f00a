"""Pipelines that take small steps, a second one that nothing disturbs, and processes to kill."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pipeline import Pipeline, pipeline
from sqlalchemy import Engine

from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.segment import SegmentStandIn
from commerce_events.sources.elasticpath.paging import Limits

pytest.register_assert_rewrite("proofs.books", "proofs.truth")

from proofs.workers import Workers  # noqa: E402 - after it is known what to rewrite

ORDERS = 44  # twice every path an order can take


@pytest.fixture
def busy_line(ledger: Ledger) -> Iterator[Pipeline]:
    """Orders in every state, read ten at a time and sent five at a time: a run makes about 80 requests."""
    with pipeline(ledger, orders=ORDERS) as line:
        line.paging, line.parcel = Limits(page=10), 5
        yield line


@pytest.fixture
def undisturbed(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[[Pipeline], Pipeline]]:
    """Given a pipeline: one at the same store, with a ledger and a Segment of its own, after a run."""
    with ExitStack() as opened:

        def twin(line: Pipeline) -> Pipeline:
            path = tmp_path / "undisturbed.db"
            shutil.copy(sqlite_template, path)
            engine: Engine = open_engine(f"sqlite:///{path}")
            opened.callback(engine.dispose)
            segment = opened.enter_context(SegmentStandIn())
            quiet = Pipeline(Ledger(engine), line.shop, segment, line.settings)
            quiet.run()
            return quiet

        yield twin


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    parent = Workers()
    yield parent
    parent.close()
