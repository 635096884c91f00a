"""What a dry run found, on the terminal."""

import typer

from commerce_events.cli.terminal import table
from commerce_events.domain.deliveries import Status
from commerce_events.steps.rehearsal import Fate, News, Rehearsal

FATES = ("destination", "message", "it is", "and", "reason", "count")


def show(found: Rehearsal, *, values: bool) -> None:
    """`values` prints what stands where messages differ: personal data."""
    fates = [_row(fate, count) for fate, count in sorted(found.fates.items())]
    table("What would become of every message", FATES, fates)
    typer.echo()
    table("Records that cannot be read", ("reason", "count"), sorted(found.rejects.items()))
    typer.echo(f"\n{found.compared} orders that were told before were rendered again.")
    _show_changes(found, values=values)
    typer.echo(
        f"\n{found.records:,} records read; {found.would_be_sent:,} messages would be sent, "
        f"{found.known:,} are recorded already and stay as they are. Nothing was recorded or sent."
    )


def _row(fate: Fate, count: int) -> tuple[object, ...]:
    would = "would be sent" if fate.status == Status.PENDING else f"would be {fate.status}"
    end = fate.status if fate.news is News.KNOWN else would
    return (fate.destination, fate.kind, fate.news, end, fate.reason, count)


def _show_changes(found: Rehearsal, *, values: bool) -> None:
    changes = sorted(found.changes.values(), key=lambda change: (-change.count, change.path))
    columns = ["where", "orders", "for example"] + (["recorded", "now"] if values else [])
    rows = [
        (one.path, one.count, one.record_id, *((one.example.expected, one.example.got) if values else ()))
        for one in changes
    ]
    table("Where their messages would differ from those recorded", columns, rows)
