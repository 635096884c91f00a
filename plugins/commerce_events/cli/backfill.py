"""`commerce-events backfill`: the past, planned first and then told."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commerce_events.cli import rehearsal, verifying
from commerce_events.cli.asking import confirm, only
from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import console, table, when
from commerce_events.domain.plans import Plan, PlanWindow
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.verification import Verification

app = typer.Typer(no_args_is_help=True, help="Tell the past: plan a backfill, apply it, look after it.")

# Airflow takes seconds to load, hence the imports within functions: `--help` must not wait for it.

PlanId = Annotated[str, typer.Argument(metavar="PLAN_ID", help="as `backfill plan` printed it")]


@app.command()
def plan(
    start: Annotated[str, typer.Option("--from", help="a day, or a time with offset: the first moment")],
    end: Annotated[str, typer.Option("--to", help="the same; the first moment that is left out")],
    store: Annotated[
        str | None, typer.Option(help="its name in commerce.toml; not needed if there is only one")
    ] = None,
    stream: Annotated[list[str] | None, typer.Option(help="orders, customers, account_members")] = None,
    tracking: Annotated[list[str] | None, typer.Option(help="only these; as in commerce.toml")] = None,
    integrations: Annotated[
        str | None, typer.Option(help="a preset of commerce.toml: who may see the messages")
    ] = None,
    share: Annotated[float | None, typer.Option(help="of the configured rates, 0 to 1")] = None,
    transactions: Annotated[str | None, typer.Option(help="all | refunded | never")] = None,
    fence_hours: Annotated[
        int | None, typer.Option(help="what is newer is left to the syncs; 0: nothing is")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show the plan and keep nothing")] = False,
) -> None:
    """Cut a span into windows, say what telling it comes to, and keep the plan. Only counts are read.

    What is left out is as commerce.toml says. `backfill apply` with the plan's id then does exactly that.
    """
    from commerce_events.airflow import backfills, connections

    said: dict[str, Any] = {
        "store": store or only(connections.store_names()),
        "streams": stream,
        "from": start,
        "to": end,
        "trackings": tracking,
        "integrations": integrations,
        "share": share,
        "transactions": transactions,
        "fence_hours": fence_hours,
    }
    ledger = connections.open_ledger(reads_only=dry_run)
    made = backfills.planned(backfills.wish_of(said), ledger, keep=not dry_run)
    _show(made)
    if not dry_run:
        typer.echo(f"\ncommerce-events backfill apply {made.id}")


@app.command()
def apply(
    plan_id: PlanId,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask, whatever has changed since")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be sent; record and send nothing")
    ] = False,
    values: Annotated[
        bool, typer.Option("--values", help="with --dry-run: show what differs, which is personal data")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, help="processes that read windows side by side; a dry run needs one")
    ] = (os.cpu_count() or 1) + 1,  # while one waits for the ledger's disk, another works
) -> None:
    """Do what a plan says, or go on with it: read its windows, and send what they tell.

    First says which windows hold more or fewer records than when they were planned. Ctrl-C does no harm:
    applying the plan again goes on behind the last page. In the end every record is accounted for, as by
    `backfill verify`. With --dry-run everything is read, rendered and
    checked as it would be, some orders are compared with what was recorded of them, and that is all.
    """
    from commerce_events.airflow import backfill_workers, backfills, connections
    from commerce_events.steps.plan import changes_since

    ledger = connections.open_ledger(reads_only=dry_run)
    made = backfills.plan_named(plan_id, ledger)
    _show(made)
    if dry_run:
        _rehearse(made, values=values)
        return
    changes = [
        (one.window.label, one.now)
        for one in changes_since(connections.open_store(made.wish.store, ledger), made)
    ]
    table("\nChanged since it was planned", ("window", "now"), changes)
    confirm(f"Read {len(made.left)} windows and send what they tell?", yes=yes)
    backfills.begin(made, ledger)
    with _progress(made) as told:
        backfill_workers.read_windows(made, ledger, workers, told)
    _finish(plan_id, ledger)


@app.command()
def verify(plan_id: PlanId) -> None:
    """Account for every record of a plan's span, day by day, and name those that are missing.

    Counts first, and compares ids only where counts differ. Exit code 1 if anything is missing.
    """
    from commerce_events.airflow import backfills, connections

    ledger = connections.open_ledger(reads_only=True)
    _account(backfills.accounted(backfills.plan_named(plan_id, ledger), ledger))


@app.command()
def status(plan_id: PlanId) -> None:
    """Show a plan, and how far each of its windows is."""
    from commerce_events.airflow import backfills, connections

    ledger = connections.open_ledger(reads_only=True)
    _show(backfills.plan_named(plan_id, ledger))
    typer.echo(f"Messages still to be sent: {ledger.withdrawal.pending(plan_id):,}")


@app.command()
def cancel(
    plan_id: PlanId,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="also take back what is recorded and not yet sent")
    ] = False,
) -> None:
    """Stop a backfill at its next page. What is recorded is still sent, unless it is withdrawn.

    Withdrawn messages are filtered as `cancelled`; the next backfill of their span tells them after all, as
    does applying this plan again.
    """
    from commerce_events.airflow import backfills, connections
    from commerce_events.airflow.wall import now
    from commerce_events.steps.cancel import cancel as stop

    ledger = connections.open_ledger()
    made = backfills.plan_named(plan_id, ledger)
    gone = stop(ledger, made, now(), withdraw=withdraw)
    left = ledger.withdrawal.pending(plan_id)
    typer.echo(f"Plan {plan_id} is cancelled; {gone:,} messages were withdrawn, {left:,} will still be sent.")


@app.command(name="list")
def show_all(count: Annotated[int, typer.Option(min=1, help="how many, the newest first")] = 20) -> None:
    """Show the latest plans."""
    from commerce_events.airflow.connections import open_ledger

    rows = [
        (each.id, each.wish.store, ", ".join(each.wish.streams), when(each.wish.start), when(each.wish.end),
         each.stage, each.counted, each.read)
        for each in open_ledger(reads_only=True).plans.latest(count)
    ]  # fmt: skip
    table("Plans", ("plan", "store", "streams", "from", "to", "stage", "records", "read"), rows)


def _show(made: Plan) -> None:
    wish, estimate = made.wish, made.estimate
    left = "nothing" if made.fence is None else f"what happened since {when(made.fence)}"
    facts = (
        ("store", wish.store),
        ("created", f"{when(wish.start)} to {when(wish.end)}"),
        ("stage", made.stage),
        ("trackings", ", ".join(wish.trackings)),
        ("integrations", f"{wish.preset}: {dict(wish.integrations)}"),
        ("left to the syncs", left),
        ("records", f"{made.counted:,}"),
        ("messages, about", f"{estimate.messages:,}"),
        ("requests, about", f"{estimate.requests:,}, transactions: {wish.transactions}"),
        ("duration, about", f"{timedelta(seconds=estimate.seconds)} at {wish.share:.0%} of the rates"),
    )
    table(f"Plan {made.id}", ("", ""), facts)
    typer.echo()
    table("Windows", ("window", "stream", "from", "to", "counted", "read", "done"), map(_row, made.windows))


def _row(one: PlanWindow) -> Sequence[object]:
    done = when(one.done_at) if one.done_at else ""
    return (one.number, one.stream, when(one.start), when(one.end), one.counted, one.read, done)


@contextmanager
def _progress(made: Plan) -> Iterator[Any]:
    """A bar with rate and estimate, moved on by each page."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console()) as bar:
        task = bar.add_task(made.id, total=made.counted or None, completed=made.read, rate="")

        def told(window: PlanWindow, records: int) -> None:
            bar.advance(task, records)
            speed = bar.tasks[0].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            bar.update(task, description=f"{window.number} of {len(made.windows)}", rate=rate)

        yield told


def _rehearse(made: Plan, *, values: bool) -> None:
    from commerce_events.airflow import backfills

    with _progress(made) as told:
        found = backfills.rehearsed(made, told)
    rehearsal.show(found, values=values)


def _finish(plan_id: str, ledger: Ledger) -> None:
    """Send what was recorded, and account for every record."""
    from commerce_events.airflow import backfill_run, backfills

    with console().status("Sending"):
        backfill_run.send()
    made = backfills.plan_named(plan_id, ledger)
    typer.echo(f"\n{made.read:,} records read, {len(made.left)} windows left.")
    if made.left:
        raise typer.Exit(FINDINGS)
    _account(backfills.accounted(made, ledger))


def _account(found: Sequence[Verification]) -> None:
    for each in found:
        verifying.show(each)
    if not all(each.is_complete for each in found):
        raise typer.Exit(FINDINGS)
