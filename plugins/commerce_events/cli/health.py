"""`commerce-events health`: whether what was sent lately is what receivers can work with."""

from datetime import timedelta
from typing import Annotated

import typer

from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import table
from commerce_events.domain.health import Fault
from commerce_events.steps.health import Checked, Checkup, check_health


def health(
    days: Annotated[int, typer.Option(min=1, help="look at the messages recorded in so many days")] = 30,
    allow: Annotated[
        list[str] | None, typer.Option(metavar="FAULT=COUNT", help="so many of this fault stop nothing")
    ] = None,
    store: Annotated[str | None, typer.Option(help="only this store's")] = None,
) -> None:
    """Look through the messages that are still kept for what no contract finds, and say go or no-go.

    Checkouts without e-mail, purchases without currency, orders that share an id, people called by two
    forms of id, and the like. Reads the ledger only. Shows ids of records and nothing else about people.
    Exit code 1 is no-go, also when there was nothing to look at.
    """
    from commerce_events.airflow import connections
    from commerce_events.airflow.wall import now

    allowed = dict(map(_allowance, allow or []))
    known = connections.settings().stores
    if store and store not in known:
        raise typer.BadParameter(f"commerce.toml has no such store; it has {', '.join(known)}")
    ends = [(name, one.destinations[0]) for name, one in known.items() if store in (None, name)]
    ledger = connections.open_ledger(reads_only=True)
    found = check_health(ledger, ends, since=now() - timedelta(days=days), allowed=allowed)
    _show(found, days)
    if not found.go:
        raise typer.Exit(FINDINGS)


def _allowance(text: str) -> tuple[Fault, int]:
    name, _, count = text.partition("=")
    try:
        return Fault(name), int(count)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not FAULT=COUNT; faults are {', '.join(Fault)}", None, None, "--allow"
        ) from None


def _show(found: Checkup, days: int) -> None:
    rows = [(_verdict(one), one.fault, one.count, ", ".join(one.samples)) for one in found.checks]
    table(f"{found.messages} messages of the last {days} days", ("", "fault", "count", "as in record"), rows)
    share = f"{found.stitched / found.browsers:.1%}" if found.browsers else "none known"
    typer.echo(f"\nBrowsers' ids that are a known person's: {found.stitched} of {found.browsers} ({share})")
    typer.echo("Go." if found.go else "No-go." if found.messages else "No-go: there is nothing to look at.")


def _verdict(one: Checked) -> str:
    if one.stops:
        return "NO"
    return "ok" if not one.count or one.allowed is not None else "look"
