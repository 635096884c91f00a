"""`commerce-events replay`: messages and records that wait for a person, put back in line."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commerce_events.cli import decisions
from commerce_events.cli.asking import confirm
from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import table
from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import Kind
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.waiting import Choice, Group
from commerce_events.steps.replay import Fate, fates
from commerce_events.steps.reread import reread

ELSE = "--yes, or --dry-run to look first"


class Waiting(StrEnum):
    QUARANTINED = "quarantined"
    DEAD = "dead"


def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="event or order ids")] = None,
    reason: Annotated[str | None, typer.Option(help="only those that wait for this reason")] = None,
    status: Annotated[Waiting | None, typer.Option(help="only these")] = None,
    message: Annotated[Kind | None, typer.Option(help="only this kind of message")] = None,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="only what happened on this day, in UTC")
    ] = None,
    destination: Annotated[str | None, typer.Option(help="only those for this destination")] = None,
    rejects: Annotated[
        bool, typer.Option("--rejects", help="read the records again that could not be read, instead")
    ] = False,
    discard: Annotated[bool, typer.Option("--discard", help="give them up for good, instead")] = False,
    correct: Annotated[
        bool, typer.Option("--correct", help="tell those again that were sent, under new ids, instead")
    ] = False,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="with --correct: not to warehouses alone")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="print one message and its input, instead")] = False,
    edit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="put one in line as this file has it, instead")
    ] = None,
    why: Annotated[
        str | None, typer.Option(help="with --discard, --correct, --edit: the reason, for the audit")
    ] = None,
    who: Annotated[str | None, typer.Option(help="who decides; your login name unless given")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would become of them")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Render quarantined and dead messages again, and put those that pass back in line.

    The count comes first, then the question. Ids, times and places in line stay; the next run sends them.
    Messages that may have been sent already are left alone.

    --correct is for what was accepted, or may have been: what today's templates make of it is sent as a
    message of its own, if it differs. Receivers know a message by its id and never replace one, so that a
    second Order Completed is a second order to an advertiser or a campaign. Hence only warehouses get it,
    where context_correction_of names the message it stands for; --everywhere sends it to all.
    """
    day_of = day.date() if day else None
    filters = (reason, status, message, day, destination, ids)
    if sum(map(bool, (rejects, discard, correct, show, edit))) > 1:
        raise typer.BadParameter("give one of --rejects, --discard, --correct, --show and --edit")
    if rejects:
        if any(filters):
            raise typer.BadParameter(
                "reads all of them again; leave out ids and the other filters", None, None, "--rejects"
            )
        _replay_rejects(dry_run=dry_run, yes=yes)
        return
    choice = _choice(ids, reason, status, message, day_of, destination)
    if discard:
        decisions.discard(choice, decisions.decision(who, why), dry_run=dry_run, yes=yes)
    elif correct:
        said = None if dry_run else decisions.decision(who, why)
        decisions.correct(choice, said, everywhere=everywhere, dry_run=dry_run, yes=yes)
    elif show:
        decisions.show(choice)
    elif edit:
        decisions.edit(choice, edit, decisions.decision(who, why))
    else:
        _replay_messages(choice, dry_run=dry_run, yes=yes)


def _choice(
    ids: Sequence[str] | None,
    reason: str | None,
    status: Waiting | None,
    message: Kind | None,
    day: date | None,
    destination: str | None,
) -> Choice:
    statuses = (Status(status),) if status else (Status.QUARANTINED, Status.DEAD)
    return Choice(statuses, reason, destination, tuple(ids or ()), message, day)


def _replay_messages(choice: Choice, *, dry_run: bool, yes: bool) -> None:
    from commerce_events.airflow import connections
    from commerce_events.airflow.wall import now

    ledger = connections.open_ledger(reads_only=dry_run)
    count = _show_groups(ledger.waiting.groups(choice))
    if not count:
        raise typer.Exit(FINDINGS if choice.ids else 0)
    if not dry_run:
        confirm(f"Put these {count} messages back in line?", yes=yes, otherwise=ELSE)
    renderers = connections.renderers(ledger)
    _show_fates(fates(ledger, renderers, choice, dry_run=dry_run, clock=now), dry_run=dry_run)


def _show_groups(groups: Sequence[Group]) -> int:
    """Returns how many messages can be replayed."""
    decisions.show_waiting(groups)
    left_alone = sum(one.maybe_sent for one in groups)
    if left_alone:
        typer.echo(f"{left_alone} of them may have been sent already and are left alone.")
    return sum(one.count for one in groups) - left_alone


def _show_fates(outcome: Counter[Fate], *, dry_run: bool) -> None:
    rows = [
        (one.destination, one.kind, one.was, one.becomes or one.was, one.reason, one.detail, count)
        for one, count in sorted(
            outcome.items(), key=lambda item: (item[0].destination, item[0].kind, -item[1])
        )
    ]
    title = (
        "What would become of them by today's templates and contracts" if dry_run else "What became of them"
    )
    table(title, ("destination", "message", "was", "becomes", "reason", "where", "count"), rows)
    if not dry_run and any(one.becomes == Status.PENDING for one in outcome):
        typer.echo("The next run sends what is pending.")


def _replay_rejects(*, dry_run: bool, yes: bool) -> None:
    from commerce_events.airflow import connections
    from commerce_events.sources.elasticpath.pace import BRIEF

    ledger = connections.open_ledger(reads_only=dry_run)
    waiting = _open_rejects(ledger)
    if not waiting:
        return
    if not dry_run:
        confirm(f"Read these {sum(waiting.values())} records again?", yes=yes, otherwise=ELSE)
    for name, stream in waiting:
        outcome = reread(connections.open_store(name, ledger, BRIEF), stream, dry_run=dry_run)
        said = ", ".join(f"{count} {what}" for what, count in sorted(outcome.items()))
        typer.echo(f"Store {name}, {stream}: {said}{' (nothing was written)' if dry_run else ''}")


def _open_rejects(ledger: Ledger) -> dict[tuple[str, str], int]:
    """How many records of each store and stream can be asked for again."""
    groups = ledger.reports.open_rejects()
    table("Records that could not be read", ("store", "stream", "reason", "count"), groups)
    streams = sorted({(store, stream) for store, stream, *_ in groups})
    waiting = {key: len(ledger.rejects.open_ids(*key)) for key in streams}
    return {key: count for key, count in waiting.items() if count}
