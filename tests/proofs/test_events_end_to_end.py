"""From a store's webhook to Segment through a real Airflow, and through the death of each of its parts.

The DAGs that poll are not there: what arrives came as a hint.
"""

import threading
import time
from collections.abc import Iterator

import pytest
import requests
from component_airflow import (
    COMPONENTS,
    IMPATIENT,
    PATIENCE,
    SECRET,
    ComponentAirflow,
    component_airflow,
    wait_until,
)
from sqlalchemy import URL

from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.run import Sandbox

OBSERVED = ("order.created", "order.updated", "order.paid", "transaction.updated", "customer.created")
BURST = 40


@pytest.fixture
def airflow(
    request: pytest.FixtureRequest, ledger_url: URL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ComponentAirflow, Sandbox, Ledger]]:
    """Airflow and ledger on the same kind of database."""
    home = tmp_path_factory.mktemp("airflow") / "home"
    with Sandbox(orders=3, seed=3) as sandbox:
        more = dict(IMPATIENT)
        if ledger_url.get_backend_name() == "postgresql":
            own = request.getfixturevalue("airflow_postgres_url")
            more["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = own.render_as_string(hide_password=False)
        with component_airflow(home, sandbox, ledger_url, "ingest_events", **more) as airflow:
            sandbox.store.announcer.manners.pauses = (0.5, 1, 2, 4, 8, 16, 30)
            sandbox.store.integrations.webhook(airflow.door, SECRET, *OBSERVED)
            engine = open_engine(ledger_url)
            yield airflow, sandbox, Ledger(engine)
            engine.dispose()


def completed(sandbox: Sandbox) -> set[str]:
    told = sandbox.segment.unique().values()
    return {one["properties"]["order_id"] for one in told if one.get("event") == "Order Completed"}


@pytest.mark.timeout(1800)
def test_webhooks_become_messages_whatever_dies_meanwhile(airflow, capsys):
    parts, sandbox, ledger = airflow
    guess = {"X-MOLTIN-SECRET-KEY": "guessed"}
    anonymous = requests.get(f"{parts.local.url}/commerce-events/inbox", timeout=PATIENCE)
    wrong = requests.post(parts.door, headers=guess, json={}, timeout=PATIENCE)
    assert (anonymous.status_code, wrong.status_code) == (401, 401)

    paid = {order := sandbox.store.place_order(buyer="guest")}
    sandbox.store.pay(order)
    begun = time.monotonic()
    wait_until(lambda: completed(sandbox) == paid, parts.last_words)
    first = time.monotonic() - begun

    def burst() -> None:
        for _ in range(BURST):
            order = sandbox.store.place_order(buyer="guest")
            sandbox.store.pay(order)
            paid.add(order)
            time.sleep(0.3)

    shop = threading.Thread(target=burst)
    shop.start()
    for name in COMPONENTS:
        time.sleep(1)
        parts.kill(name)
        time.sleep(1)
        parts.start(name)
    shop.join()
    sandbox.store.announcer.wait(PATIENCE)
    begun = time.monotonic()
    wait_until(lambda: completed(sandbox) == paid, parts.last_words)

    with capsys.disabled():
        print(f"\nfirst {first:.1f} s; after the burst {time.monotonic() - begun:.1f} s")
    wait_until(lambda: ledger.inbox.count() == (0, None), parts.last_words)
    assert sandbox.store.announcer.counts["lost"] == 0
    told = [one for one in sandbox.segment.unique().values() if one.get("event") == "Order Completed"]
    assert len(told) == len(paid)
    assert ledger.reports.oldest_pending() is None
