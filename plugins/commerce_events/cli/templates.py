"""`commerce-events templates`: the templates against their golden cases, and against their other versions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from commerce_events.cli.cases import CasesFolder, cases_folder
from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import table
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.facts import Kind
from commerce_events.steps.compare import Comparison, Version, compare_versions
from commerce_events.templates.engine import Serving
from commerce_events.templates.golden import CaseResult, load_with_cases, run_golden
from commerce_events.templates.library import Templates

app = typer.Typer(no_args_is_help=True, help="The templates that make messages of facts.")


@app.command("test")
def check(
    folder: CasesFolder = None,
    every: Annotated[
        bool, typer.Option("--all", help="every template file, not only those that commerce.toml names")
    ] = False,
) -> None:
    """Run the golden cases of the templates that commerce.toml names, and show which engine serves each.

    A case is <folder>/<template's path>/<case>.input.json with <case>.expected.json beside it, and
    <case>.violation.json where the message must break its contract. Exit code 1 if any fails.
    """
    from commerce_events.airflow.connections import settings
    from commerce_events.airflow.files import include_folder

    include, cases = include_folder(), cases_folder(folder)
    only = None if every else settings().templates()
    results = run_golden(include / "templates", include / "contracts", cases, only)
    table("Golden cases", ("template", "cases", "failed"), _by_template(results))
    _show_engines(load_with_cases(include / "templates", cases, only).engines)
    failed = [result for result in results if not result.passed]
    for result in failed:
        typer.echo(f"\n{result.template}{f' / {result.case}' if result.case else ''}")
        for problem in result.problems:
            typer.echo(f"  {problem}")
    if failed:
        raise typer.Exit(FINDINGS)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="a template file")],
    new: Annotated[Path, typer.Argument(help="another version of it")],
    last: Annotated[int, typer.Option(min=1, help="how many of the latest facts")] = 1_000,
    tracking: Annotated[
        Kind | None, typer.Option(help="what the template is for; without it a file's name says so")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="show values too; they may be personal data")] = False,
) -> None:
    """Compare two versions of a template over what recent facts were rendered from.

    Nothing is sent or changed. Exit code 1 if any message would differ.
    """
    from commerce_events.airflow import connections

    kind = tracking or _kind_of(old, new)
    ledger = connections.open_ledger(reads_only=True)
    found = compare_versions(ledger, _version(old), _version(new), kind, last)
    _show_comparison(found, kind, show=show)
    if found.outcome.keys() - {"equal"}:
        raise typer.Exit(FINDINGS)


def _version(file: Path) -> Version:
    return Templates.load(file.parent, [file.name]), file.name


def _kind_of(*files: Path) -> Kind:
    for file in files:
        for kind in Kind:
            if file.stem.startswith(kind):
                return kind
    raise ConfigurationError(f"{files[0]} is not named after a tracking: say what it is for with --tracking")


def _show_comparison(found: Comparison, kind: Kind, *, show: bool) -> None:
    counts = [(name, found.outcome[name]) for name in ("equal", "different", "failed")]
    table(f"The latest facts {kind}", ("messages", "count"), counts)
    changes = sorted(found.changes.values(), key=lambda change: -change.count)
    shown = ("old", "new") if show else ()
    rows = [
        (one.path, one.count, one.record_id, *((one.example.expected, one.example.got) if show else ()))
        for one in changes
    ]
    if rows:
        table("Where they differ", ("path", "count", "for example", *shown), rows)
    if found.failures:
        table("Failures", ("problem", "count"), found.failures.most_common())


def _show_engines(engines: Mapping[str, Serving]) -> None:
    rows = [(file.removesuffix(".jsonata"), *serving) for file, serving in engines.items()]
    table("Engines", ("template", "engine", "because it"), rows)


def _by_template(results: Iterable[CaseResult]) -> list[tuple[str, int, int]]:
    grouped: dict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        grouped[result.template].append(result)
    return [
        (name, sum(bool(one.case) for one in some), sum(not one.passed for one in some))
        for name, some in grouped.items()
    ]
