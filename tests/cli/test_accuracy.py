"""`commerce-events ledger accuracy` and `reconcile`: what a person is told about the numbers."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from terminal import Terminal

from commerce_events.ledger.tables import record
from commerce_events.sandbox.public_api import PublicApiStandIn


def sold_three_days_ago(terminal: Terminal) -> list[str]:
    now = datetime.now(UTC)
    terminal.shop.clock = now - timedelta(days=3)
    orders = [terminal.shop.place_order(buyer="guest") for _ in range(3)]
    terminal.shop.clock = now
    terminal.sync()
    return orders


def forget(terminal: Terminal, order: str) -> None:
    with terminal.ledger.engine.begin() as connection:
        connection.execute(delete(record).where(record.c.record_id == order))


def since() -> str:
    return (datetime.now(UTC) - timedelta(days=4)).date().isoformat()


def test_a_difference_is_healed_and_shown_with_its_id(terminal: Terminal) -> None:
    lost, *_ = sold_three_days_ago(terminal)
    forget(terminal, lost)

    done = terminal.run("ledger", "reconcile", "--since", since())
    shown = terminal.run("ledger", "accuracy")

    assert done.exit_code == 0, done.output
    assert "store main/orders: records 3, news 1, healed 1" in done.output
    assert "store main/customers: nothing to compare yet" in done.output
    assert shown.exit_code == 0, shown.output
    assert [each for each in shown.output.splitlines() if lost in each and "healed" in each]
    assert [each for each in shown.output.splitlines() if "main" in each and "100.00%" in each]


def test_a_write_key_that_leads_nowhere_is_an_error(terminal: Terminal) -> None:
    sold_three_days_ago(terminal)
    with PublicApiStandIn(terminal.segment) as public_api:
        terminal.connect_public_api(host=public_api.url, password=public_api.token)
        terminal.connect_segment(password="a-key-of-nobody")

        done = terminal.run("ledger", "reconcile", "--since", since())

    assert done.exit_code == 2
    assert "the write key of connection segment_default belongs to no source" in done.output
    assert "a-key-of-nobody" not in done.output


def test_a_day_with_a_single_record_missing_is_never_a_hundred_percent(terminal: Terminal) -> None:
    from commerce_events.ledger.found import Figure

    today = datetime.now(UTC)
    number = terminal.ledger.findings.begin("store", "main/orders", (today, today), None, today)
    figure = Figure("main", "orders", today.date(), in_store=1_000_000, accounted=999_999)
    terminal.ledger.findings.note_days(number, [figure], [], today)

    assert "99.99%" in terminal.run("ledger", "accuracy").output


def test_nothing_was_compared_yet(terminal: Terminal) -> None:
    terminal.sync()

    shown = terminal.run("ledger", "accuracy")

    assert shown.exit_code == 0, shown.output
    assert "Accounted for: none" in shown.output
