"""`commerce-events templates`: the templates against their golden cases."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated

import typer

from commerce_events.cli.cases import CasesFolder, cases_folder
from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import table
from commerce_events.templates.golden import CaseResult, run_golden

app = typer.Typer(no_args_is_help=True, help="The templates that make messages of facts.")


@app.callback()
def templates() -> None:
    """Keeps `test` a command of its own: of a single one, Typer would make the whole group."""


@app.command("test")
def check(
    folder: CasesFolder = None,
    every: Annotated[
        bool, typer.Option("--all", help="every template file, not only those that commerce.toml names")
    ] = False,
) -> None:
    """Run the golden cases of the templates that commerce.toml names. Exit code 1 if any fails.

    A case is <folder>/<template's path>/<case>.input.json with <case>.expected.json beside it, and
    <case>.violation.json where the message must break its contract.
    """
    from commerce_events.airflow.connections import settings
    from commerce_events.airflow.files import include_folder

    include, cases = include_folder(), cases_folder(folder)
    only = None if every else settings().templates()
    results = run_golden(include / "templates", include / "contracts", cases, only)
    table("Golden cases", ("template", "cases", "failed"), _by_template(results))
    failed = [result for result in results if not result.passed]
    for result in failed:
        typer.echo(f"\n{result.template}{f' / {result.case}' if result.case else ''}")
        for problem in result.problems:
            typer.echo(f"  {problem}")
    if failed:
        raise typer.Exit(FINDINGS)


def _by_template(results: Iterable[CaseResult]) -> list[tuple[str, int, int]]:
    grouped: dict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        grouped[result.template].append(result)
    return [
        (name, sum(bool(one.case) for one in some), sum(not one.passed for one in some))
        for name, some in grouped.items()
    ]
