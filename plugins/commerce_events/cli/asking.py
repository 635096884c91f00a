"""What a command asks back before it goes on."""

import sys

import typer

from commerce_events.domain.errors import ConfigurationError


def confirm(question: str, *, yes: bool, otherwise: str = "--yes") -> None:
    """Return if the answer is yes; leave the command if it is no, or if nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError(f"Nothing was changed: there is no terminal to ask on. Add {otherwise}.")
    if not typer.confirm(question):
        typer.echo("Nothing was changed.")
        raise typer.Exit


def only(names: list[str]) -> str:
    """The one store there is."""
    if len(names) > 1:
        raise ConfigurationError(
            f"commerce.toml has several stores; choose one by --store: {', '.join(names)}"
        )
    return names[0]
