"""How long news takes through event doors, as the commands show it."""

from datetime import datetime, timedelta

import typer

from commerce_events.cli.terminal import table
from commerce_events.domain.delays import Spread, summaries
from commerce_events.ledger.ledger import Ledger

DAY = timedelta(days=1)


def show_delays(ledger: Ledger, now: datetime) -> None:
    """Of the last 24 hours; a store's own times are whole seconds."""
    rows = [
        (one.store, one.door, one.messages, *map(_said, (one.arrival, one.ours, one.altogether)))
        for one in summaries(ledger.doors.delays(now - DAY))
    ]
    typer.echo()
    columns = ("store", "door", "messages", "change to received", "received to accepted", "altogether")
    table("Seconds through event doors in the last 24 hours (half / 95 % / longest)", columns, rows)


def _said(spread: Spread) -> str:
    return f"{spread.p50:.1f} / {spread.p95:.1f} / {spread.most:.1f}"
