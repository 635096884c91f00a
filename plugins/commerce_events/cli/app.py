"""The command and its subcommands."""

import logging

import typer

from commerce_events.cli import (
    backfill,
    demo,
    doctor,
    erase,
    health,
    ledger,
    preview,
    replay,
    sandbox,
    shadow,
    templates,
    ui,
    webhooks,
)
from commerce_events.cli.plainly import Plainly

app = typer.Typer(
    cls=Plainly, no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False
)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.command()(preview.preview)
app.command()(replay.replay)
app.command()(erase.erase)
app.add_typer(backfill.app, name="backfill")
app.command()(health.health)
app.add_typer(ledger.app, name="ledger")
app.add_typer(templates.app, name="templates")
app.add_typer(shadow.app, name="shadow")
app.add_typer(webhooks.app, name="webhooks")
app.command()(sandbox.sandbox)
app.command(hidden=True)(ui.ui)


@app.callback()
def commerce_events() -> None:
    """Keep Segment true to a store: every order accounted for, none sent twice."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it greets whoever looks at a schema
    logging.getLogger("commerce_events").setLevel(logging.WARNING)  # its counts are for the logs of tasks
