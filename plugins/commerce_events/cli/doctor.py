"""`commerce-events doctor`: whether everything is set up, and what to do where it is not."""

from typing import Annotated

import typer

from commerce_events.cli.cases import CasesFolder, cases_folder
from commerce_events.cli.plainly import FINDINGS

SIGNS = {"ok": typer.colors.GREEN, "failed": typer.colors.RED, "skipped": typer.colors.YELLOW}


def doctor(
    golden: Annotated[bool, typer.Option(help="also run the templates' golden cases")] = False,
    folder: CasesFolder = None,
) -> None:
    """Check settings, templates, contracts, ledger and connections, and what waits. Changes nothing.

    Each store is logged in to and asked for one order; each Segment connection is sent a batch without
    messages. All checks run, also after one that failed. Exit code 1 if any failed.
    """
    from commerce_events.airflow.checkup import Verdict, checkup

    failed = 0
    for finding in checkup(cases_folder(folder) if golden else None):
        failed += finding.verdict == Verdict.FAILED
        first, *more = finding.says.splitlines()
        sign = typer.style(f"{finding.verdict:8}", fg=SIGNS[finding.verdict])
        typer.echo(f"{sign}{finding.what:26}{first}")
        for line in more:
            typer.echo(f"{'':34}{line}")
    if failed:
        typer.echo(f"\n{failed} of these checks failed.")
        raise typer.Exit(FINDINGS)
