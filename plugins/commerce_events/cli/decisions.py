"""What a person decides about messages: discard, correct, edit. Asked first, and written into the audit."""

import getpass
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from commerce_events.cli.asking import confirm
from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import table
from commerce_events.domain.deliveries import Status
from commerce_events.domain.errors import ConfigurationError
from commerce_events.ledger.decisions import Decision
from commerce_events.ledger.waiting import Choice, Group

LOOKING = Decision("nobody", "a look")


def decision(who: str | None, why: str | None) -> Decision:
    """Whose decision it is; without a reason there is none."""
    if not (why or "").strip():
        raise typer.BadParameter(
            "is required: the audit says why. Nothing personal belongs into it", None, None, "--why"
        )
    return Decision(who or getpass.getuser(), why or "")


def show_waiting(groups: Sequence[Group]) -> None:
    rows = [(one.destination, one.kind, one.status, one.reason, one.count) for one in groups]
    table("Waiting", ("destination", "message", "status", "reason", "count"), rows)


def discard(choice: Choice, said: Decision, *, dry_run: bool, yes: bool) -> None:
    from commerce_events.airflow import connections
    from commerce_events.airflow.wall import now
    from commerce_events.steps.decide import discard as give_up

    ledger = connections.open_ledger(reads_only=dry_run)
    groups = ledger.waiting.groups(choice)
    show_waiting(groups)
    count = sum(one.count for one in groups)
    if not count:
        raise typer.Exit(FINDINGS if choice.ids else 0)
    if dry_run:
        return
    confirm(f"Discard these {count} messages for good?", yes=yes, otherwise="--yes, or --dry-run")
    typer.echo(f"{give_up(ledger, choice, said, clock=now)} messages are filtered: discarded.")


def correct(choice: Choice, said: Decision | None, *, everywhere: bool, dry_run: bool, yes: bool) -> None:
    from commerce_events.airflow import connections
    from commerce_events.airflow.wall import now
    from commerce_events.steps.correct import correct as tell_again

    if choice.all:
        raise typer.BadParameter("choose what to correct: ids, --message, --day", None, None, "--correct")
    sent = replace(choice, statuses=(Status.ACCEPTED, Status.DEAD, Status.QUARANTINED))
    ledger = connections.open_ledger(reads_only=dry_run)
    count = ledger.decisions.count_sent(sent)
    typer.echo(f"{count} messages of this choice were sent, or may have been.")
    if not count:
        raise typer.Exit(FINDINGS)
    if not dry_run:
        whom = "EVERY receiver, which counts them again" if everywhere else "warehouses only"
        confirm(
            f"Tell those that differ by now once more, to {whom}?", yes=yes, otherwise="--yes, or --dry-run"
        )
    outcome = tell_again(
        ledger,
        connections.renderers(ledger),
        sent,
        connections.correction_routing(everywhere=everywhere),
        said or LOOKING,
        dry_run=dry_run,
        clock=now,
    )
    title = "What would become of them" if dry_run else "What became of them"
    table(title, ("outcome", "count"), sorted(outcome.items()))


def show(choice: Choice) -> None:
    from commerce_events.airflow import connections
    from commerce_events.steps.decide import shown, the_one

    held = the_one(connections.open_ledger(reads_only=True), choice)
    typer.echo(json.dumps(shown(held), indent=2, ensure_ascii=False))


def edit(choice: Choice, file: Path, said: Decision) -> None:
    from commerce_events.airflow import connections
    from commerce_events.airflow.wall import now
    from commerce_events.steps.decide import edit as write
    from commerce_events.steps.decide import the_one

    change = _read(file)
    ledger = connections.open_ledger()
    held = the_one(ledger, choice)
    owed = write(ledger, connections.renderers(ledger), held, change, said, clock=now)
    why = f" ({owed.reason}: {owed.detail})" if owed.reason else ""
    typer.echo(f"{held.kind} {held.event_id} is {owed.status} now{why}.")
    if owed.status == Status.QUARANTINED:
        raise typer.Exit(FINDINGS)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ConfigurationError(f"{file}: is not valid JSON") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{file}: must hold an object, as `replay --show` prints it")
    return found
