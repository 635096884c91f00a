"""`commerce-events shadow`: running beside another integration before the switch."""

from pathlib import Path
from typing import Annotated

import typer

from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import table
from commerce_events.domain.errors import ConfigurationError
from commerce_events.steps.beside import Beside, compare
from commerce_events.steps.compare import Change
from commerce_events.steps.exports import read_export

app = typer.Typer(no_args_is_help=True, help="Run beside another integration, and compare.")

MOST_IDS = 20
SIDES = {"theirs": "only theirs", "ours": "only ours"}


@app.callback()
def shadow() -> None:
    """Run beside another integration, and compare."""


@app.command()
def diff(
    theirs: Annotated[Path, typer.Argument(help="what the other integration sent: JSON lines, or a folder")],
    ours: Annotated[
        Path | None, typer.Option(help="ours; by default the files of the shadow in commerce.toml")
    ] = None,
    values: Annotated[
        bool, typer.Option("--values", help="show what stands where they differ: personal data")
    ] = False,
    every_id: Annotated[
        bool, typer.Option("--all", help="print every id that stands on one side only")
    ] = False,
) -> None:
    """Compare what another integration sent with what we would have sent.

    Messages are matched by event and order id, and compared field by field; differences that are known and
    meant are counted apart. Exit code 1 if there are others.
    """
    found = compare(read_export(theirs), read_export(ours or _shadows_folder()))
    _show(found, values=values, most=None if every_id else MOST_IDS)
    if not found.is_explained:
        raise typer.Exit(FINDINGS)


def _shadows_folder() -> Path:
    from commerce_events.airflow import connections
    from commerce_events.airflow.files import shadow_folder

    folders = [each.folder for each in connections.settings().destinations.values() if each.folder]
    if len(folders) != 1:
        raise ConfigurationError("commerce.toml has no shadow with a folder, or several: name one by --ours")
    return shadow_folder(folders[0])


def _show(found: Beside, *, values: bool, most: int | None) -> None:
    rows = [
        (event, one.equal, one.different, one.theirs, one.ours)
        for event, one in sorted(found.tallies.items())
    ]
    table("Messages", ("event", "agree", "differ", *SIDES.values()), rows)
    typer.echo()
    known = [(each, count, _id(found.examples[each])) for each, count in found.known.most_common()]
    table("Known differences", ("what", "messages", "for example"), known)
    typer.echo()
    worst = sorted(found.changes.items(), key=lambda each: (-each[1].count, each[0]))
    changes = [
        (event, path, one.count, _id(one.record_id), *(_values(one) if values else ()))
        for (event, path), one in worst
    ]
    columns = ["event", "where", "messages", "for example"] + (["theirs", "ours"] if values else [])
    table("Other differences", columns, changes)
    for (event, side), ids in sorted(found.alone.items()):
        more = "" if most is None or len(ids) <= most else f" and {len(ids) - most:,} more"
        typer.echo(f"\n{event}, {SIDES[side]} ({len(ids):,}): {', '.join(map(_id, ids[:most]))}{more}")
    for side, count in found.unreadable.items():
        if count:
            typer.echo(f"\n{count:,} lines of {side} hold no message")


def _values(one: Change) -> tuple[str, str]:
    return one.example.expected, one.example.got


def _id(one: str) -> str:
    """Some call a guest by their address, which is nothing to be printed."""
    return "(an address)" if "@" in one else one or "(none)"
