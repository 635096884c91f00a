"""`commerce-events ledger accuracy` and `reconcile`: whether the numbers are right."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated

import typer

from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import table, when
from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.found import Figure, State
from commerce_events.ledger.ledger import Ledger

DAYS = typer.Option("--days", help="How many days back.", min=1)
DAY = ("day", "store", "stream", "in the store", "accounted for", "healed", "accuracy")
GAPS = ("day", "store", "stream", "record", "what", "state", "messages")
SHORT = ("hour", "destination", "message", "stage", "receiver", "reason", "count", "of runs")

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


def accuracy(days: Annotated[int, DAYS] = 30) -> None:
    """Show how much of each day is accounted for, and every difference by record, or by message and hour.

    As the DAG `reconcile` found it last. Nothing personal is shown. Exit code 1 if something still differs.
    """
    from commerce_events.airflow.connections import open_ledger

    ledger = open_ledger(reads_only=True)
    since = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    _stores(ledger, since.date())
    typer.echo()
    _destinations(ledger, since)
    if ledger.findings.gaps(since.date(), [State.OPEN]):
        raise typer.Exit(FINDINGS)


def reconcile(since: Day = None, until: Day = None) -> None:
    """Compare the ledger with every store, and with Segment where it can be asked; heal what is missing.

    Whole days, the last two unless you name others. What is healed is sent by the next run of `sync_orders`.
    """
    from commerce_events.airflow import reconciling

    form = {"since": _text(since), "until": _text(until)}
    if since is None and until is None:
        form["since"] = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    found = [
        _try(f"store {name}", partial(reconciling.compare, name, form)) for name in reconciling.streams()
    ]
    found += [
        _try(f"destination {name}", partial(reconciling.arrivals, name, form))
        for name in reconciling.destinations()
    ]
    if not all(found):
        raise typer.Exit(FINDINGS)


def _stores(ledger: Ledger, since: date) -> None:
    rows = [_row(each) for each in ledger.findings.days(since)]
    table("Accounted for", DAY, rows)
    typer.echo()
    gaps = [
        (each.day, each.store, each.stream, each.record_id, each.reason, each.state, each.detail)
        for each in ledger.findings.gaps(since)
    ]
    table("Records that differed", GAPS, gaps)


def _destinations(ledger: Ledger, since: datetime) -> None:
    rows = [
        (each.day, each.destination, each.accepted, each.missing, each.refused)
        for each in ledger.findings.arrivals(since.date())
    ]
    table("Arrived", ("day", "destination", "accepted", "missing", "refused"), rows)
    typer.echo()
    short = ledger.findings.shortfalls(since)
    names = ("destination", "message", "stage", "receiver", "reason", "count", "detail")
    told = [(when(each.hour), *(getattr(each, name) for name in names)) for each in short]
    table("Messages that did not arrive", SHORT, told)


def _row(each: Figure) -> tuple[object, ...]:
    # Never rounded up: 100.00% means all.
    share = int(each.accuracy * 10_000) / 100
    return each.day, each.store, each.stream, each.in_store, each.accounted, each.healed, f"{share:.2f}%"


def _try(what: str, look: Callable[[], Counter[str]]) -> bool:
    """One that finds something keeps no other from being looked at."""
    try:
        counts = look()
    except AttentionError as error:
        typer.echo(f"{what}: {error}")
        return False
    said = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    typer.echo(f"{what}: {said or 'nothing to compare yet'}")
    return True


def _text(day: datetime | None) -> str | None:
    return day.date().isoformat() if day else None
