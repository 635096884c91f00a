"""A person at a terminal: commands, settings in files, connections in the environment."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL
from typer.testing import CliRunner, Result

from commerce_events.airflow import connections, wall
from commerce_events.cli import app
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import metadata
from commerce_events.sandbox.segment import DEFAULT_KEY, SegmentStandIn
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.deliver import deliver

INCLUDE = Path(__file__).parents[1] / "include"
NAMESPACE = "0f2c6a53-8a2b-4c63-b0a8-5a8f0c1d2e3f"
SETTINGS = f"""\
[stores.main]
namespace = "{NAMESPACE}"
start = 2020-01-01T00:00:00Z
[stores.main.lines]
shipping_skus = ["__shipping_*", "STANDARD-DELIVERY"]
tax_skus = ["tax_amount"]
"""


@dataclass
class Terminal:
    """`run` is a command typed into a terminal; `sync` is what the DAG does every few minutes."""

    include: Path
    shop: ElasticPathStandIn
    segment: SegmentStandIn
    ledger_file: Path
    monkeypatch: pytest.MonkeyPatch

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    def settings(self, text: str) -> None:
        (self.include / "commerce.toml").write_text(text)

    def connect(self, conn_id: str, **fields: Any) -> None:
        self.monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))

    def connect_store(self, **changes: Any) -> None:
        own = {"host": self.shop.url, "login": self.shop.client_id, "password": self.shop.client_secret}
        fast = {"requests_per_second": 1000}
        self.connect("elasticpath_default", **{"conn_type": "elasticpath", **own, "extra": fast, **changes})

    def connect_segment(self, **changes: Any) -> None:
        own = {"host": self.segment.url, "password": DEFAULT_KEY}
        self.connect("segment_default", **{"conn_type": "segment", **own, **changes})

    def connect_public_api(self, **fields: Any) -> None:
        self.connect("segment_public_api_default", **{"conn_type": "segment_public_api", **fields})

    def connect_postgres(self, url: URL, **changes: Any) -> None:
        own = {"host": url.query.get("host", url.host), "login": url.username, "schema": url.database}
        self.connect("commerce_ledger", **{"conn_type": "postgres", **own, **changes})

    def capture(self) -> Counter[str]:
        return capture_changes(connections.open_store("main"), "orders")

    def sync(self) -> Counter[str]:
        captured = self.capture()
        ends = connections.open_destinations()
        return captured + deliver(self.ledger, ends, budget=timedelta(seconds=5), clock=wall.clock())

    @property
    def ledger(self) -> Ledger:
        return connections.open_ledger()

    def rows(self) -> dict[str, list[Any]]:
        """Everything the ledger holds."""
        with self.ledger.engine.connect() as connection:
            return {
                name: sorted(map(repr, connection.execute(table.select())))
                for name, table in metadata.tables.items()
            }
