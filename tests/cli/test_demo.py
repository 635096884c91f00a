"""`commerce-events demo`, as a newcomer runs it."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from commerce_events.sandbox.public_api import DEFAULT_TOKEN
from commerce_events.sandbox.run import Sandbox
from commerce_events.sandbox.segment import DEFAULT_KEY

PERSONAL = ("email", "name", "first_name", "last_name", "line_1", "phone_number")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    home = tmp_path_factory.mktemp("demo") / "home"
    command = [sys.executable, "-m", "commerce_events", "demo", "--orders", "60", "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False), home


def test_the_demo_accounts_for_every_order_and_customer(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, _home = demo

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"(\d+) of \1 orders and (\d+) of \2 customers seen", done.stdout)
    assert "duplicates 0; lost 0" in done.stdout


def test_no_log_and_no_xcom_holds_personal_data_or_secrets(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, home = demo
    logs = "".join(path.read_text("utf-8", "replace") for path in home.rglob("*.log"))
    with sqlite3.connect(home / "airflow.db") as database:
        xcom = str(database.execute("SELECT key, value FROM xcom").fetchall())

    found = {word for word in personal_words() if word in logs + xcom + done.stdout}

    assert "sync_orders" in logs
    assert "sync_customers" in logs
    assert found == set()


def personal_words() -> set[str]:
    """What the demo's store says about people at first, and the secrets of its connections."""
    words = {DEFAULT_KEY, DEFAULT_TOKEN}
    with Sandbox(orders=60, seed=0) as sandbox:
        words.add(sandbox.store.client_secret)
        for customer in sandbox.store.customers():
            words |= {str(customer[name]) for name in ("email", "name") if customer.get(name)}
        for order in sandbox.store.orders():
            for part in ("customer", "contact", "billing_address", "shipping_address"):
                fields = order.get(part) or {}
                words |= {str(fields[name]) for name in PERSONAL if fields.get(name)}
    return {word for word in words if "**" not in word and len(word) > 3}


def test_the_words_looked_for_are_personal() -> None:
    words = personal_words()

    assert any("@" in word for word in words)
    assert len(words) > 50
