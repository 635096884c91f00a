"""The queue of erasures at Segment, as `commerce-events erase --status` shows it."""

import typer

from commerce_events.cli.terminal import table, when
from commerce_events.ledger.regulations import Followed


def show_queue() -> None:
    """Who waits and what was filed, without ids; of what ended badly the ids, for whoever sees to it."""
    from commerce_events.airflow import connections

    ledger = connections.open_ledger(reads_only=True)
    found = ledger.regulations.all()
    columns = ("store", "asked", "people", "regulation", "filed", "status", "detail")
    table("Erasures at Segment", columns, [_row(one) for one in found])
    for workspace in connections.open_workspaces():
        waiting = ledger.regulations.waiting(workspace.stores())
        if waiting and workspace.client is None:
            typer.echo(f"\n{waiting} wait for a connection {workspace.connection}, which is not there.")
    left = [(one.store, one.regulation_id, each) for one in found for each in one.user_ids]
    if left:
        typer.echo()
        table("Left to you", ("store", "regulation", "userId"), left)
        typer.echo(
            "Erase them by hand at the destinations named above, then say so by --done REGULATION, and the "
            "ids leave. Or have Segment try once more: --again REGULATION."
        )


def _row(one: Followed) -> tuple[object, ...]:
    filed = when(one.filed_at) if one.filed_at else None
    status = one.status or "waits to be filed"
    return one.store, when(one.asked_at), one.people, one.regulation_id, filed, status, one.detail
