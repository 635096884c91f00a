"""What verify found, on the terminal: days that add up, and what is missing by its id."""

import typer

from commerce_events.cli.terminal import table, when
from commerce_events.steps.verification import COLUMNS, Verification

MOST_GAPS = 50


def show(found: Verification) -> None:
    title = f"Store {found.store}, {found.stream} created {when(found.start)} to {when(found.end)}"
    table(title, COLUMNS, found.rows())
    if reasons := found.reasons():
        typer.echo()
        table("Why what was not sent was not", ("reason", "records"), reasons)
    typer.echo()
    gaps = [(gap.day, gap.record_id, gap.fault) for gap in found.gaps]
    table("Not accounted for", ("day", "id", "what is wrong"), gaps[:MOST_GAPS])
    if len(gaps) > MOST_GAPS:
        typer.echo(f"and {len(gaps) - MOST_GAPS:,} more")
