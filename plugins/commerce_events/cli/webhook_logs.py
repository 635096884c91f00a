"""What the store's own log says of the webhooks it sent: how many arrived, and which were lost."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import typer

from commerce_events.cli.terminal import table, when
from commerce_events.sources.elasticpath.integrations import MOST_LOGS, Integration, Integrations, Log

DAY = timedelta(days=1)
SHOWN = 10


def show_logs(integrations: Integrations, found: Sequence[Integration], now: datetime) -> int:
    """Prints the last 24 hours; returns how many events did not arrive at any attempt."""
    logs = {each.name: recent(integrations.logs(each.id), now) for each in found}
    lost = {name: unarrived(each) for name, each in logs.items()}
    rows = [_counts(name, each, lost[name]) for name, each in logs.items()]
    typer.echo()
    columns = ("integration", "arrived", "failed attempts", "events without success", "latest failure")
    table("Attempts of the last 24 hours, by the store's log", columns, rows)
    for name, each in logs.items():
        if len(each) >= MOST_LOGS:
            typer.echo(f"{name} has more; only {MOST_LOGS:,} were read.")
    failures = [(name, log) for name, each in logs.items() for log in each if not log.succeeded]
    if failures:
        _show_failures(failures)
    return sum(map(len, lost.values()))


def recent(logs: Sequence[Log], now: datetime) -> list[Log]:
    return [log for log in logs if log.at is None or log.at > now - DAY]


def unarrived(logs: Sequence[Log]) -> set[str]:
    """Jobs of which no attempt succeeded; the store may still be trying some of them."""
    return {log.job_id for log in logs} - {log.job_id for log in logs if log.succeeded}


def _counts(name: str, logs: Sequence[Log], lost: set[str]) -> tuple[object, ...]:
    counted = Counter(log.succeeded for log in logs)
    latest = next((log for log in logs if not log.succeeded), None)
    said = f"{when(latest.at)}: {latest.status or 'no answer'}" if latest else ""
    return name, counted[True], counted[False], len(lost), said


def _show_failures(failures: Sequence[tuple[str, Log]]) -> None:
    """The log tells neither the event nor its record: polling finds what it was about."""
    rows = [
        (when(log.at), name, log.job_id, log.attempt, log.status, log.detail)
        for name, log in failures[:SHOWN]
    ]
    typer.echo()
    columns = ("at", "integration", "job", "attempt", "status", "said")
    table(f"Failed attempts ({len(rows)} of {len(failures)})", columns, rows)
    typer.echo("What they told of is found by the next poll.")
