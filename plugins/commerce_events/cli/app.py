"""The command and its subcommands."""

import logging

import typer

from commerce_events.cli import demo, sandbox, ui

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
app.command()(demo.demo)
app.command()(sandbox.sandbox)
app.command(hidden=True)(ui.ui)


@app.callback()
def commerce_events() -> None:
    """Keep Segment true to a store: every order accounted for, none sent twice."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it greets whoever looks at a schema
