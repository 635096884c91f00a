"""`commerce-events ledger`: the ledger's schema, and what stands in it."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from commerce_events.cli import accuracy
from commerce_events.cli.asking import confirm, only
from commerce_events.cli.door_health import show_delays
from commerce_events.cli.terminal import console, table, when
from commerce_events.domain.deliveries import Status
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.moments import EPOCH
from commerce_events.ledger import schema
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.waiting import Choice

app = typer.Typer(no_args_is_help=True, help="The ledger: its schema, and what stands in it.")

app.command()(accuracy.accuracy)
app.command()(accuracy.reconcile)

# Airflow takes seconds to load, hence the imports within functions: `--help` must not wait for it.


@app.command()
def migrate() -> None:
    """Bring the schema of the ledger to this version; safe to run again. Works for Postgres and SQLite.

    The ledger is the database of the Airflow connection commerce_ledger; without one, a SQLite file in
    AIRFLOW_HOME, which every command and task brings up to date by itself.
    """
    from commerce_events.airflow.ledger_url import ledger_url, whereabouts

    engine = open_engine(ledger_url())
    before, wanted = schema.revisions(engine)
    schema.migrate(engine)
    typer.echo(f"{whereabouts(engine.url)}: from {before or 'no schema'} to {wanted}")


@app.command()
def status() -> None:
    """Show how far each stream was captured, and how many messages stand where. Nothing personal is shown."""
    from commerce_events.airflow.connections import open_ledger
    from commerce_events.airflow.ledger_url import whereabouts
    from commerce_events.airflow.wall import now

    ledger = open_ledger(reads_only=True)
    found, _ = schema.revisions(ledger.engine)
    typer.echo(f"{whereabouts(ledger.engine.url)}, schema {found}\n")
    _wrong(ledger)
    _captured(ledger)
    _delivered(ledger)
    _waiting(ledger)
    _people(ledger)
    show_delays(ledger, now())


@app.command()
def conflicts() -> None:
    """Name the people who share an address or a browser: two ids that may be one person, by their ids alone.

    Nothing is merged: whose the key was first keeps it. Put it right at the store, or erase one of them.
    """
    from commerce_events.airflow.connections import open_ledger

    found = open_ledger(reads_only=True).people.conflicts()
    table("People who share a key", ("store", "key", "whose it is", "who claims it too"), found)


@app.command()
def adopt(
    before: Annotated[str, typer.Option(help="a day, or a time with offset: what happened before was told")],
    store: Annotated[
        str | None, typer.Option(help="its name in commerce.toml; not needed if there is only one")
    ] = None,
    since: Annotated[str | None, typer.Option(help="when the other integration began to send")] = None,
    missing: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="a file of record ids that were never told"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Record what a store has as told already, by whatever sent to Segment before; sends nothing of it.

    For the day of the switch from another integration, and for a ledger that was lost. Later changes of what
    was adopted are told, and no backfill tells it again. Safe to run again: it goes on where it was cut off.
    What was before --since, or is --missing, a backfill can tell; what was adopted once stays so.
    """
    from commerce_events.airflow import backfills, connections
    from commerce_events.domain.states import Adoption
    from commerce_events.steps import adopt as steps

    name, moment = store or only(connections.store_names()), backfills.moment_of(before, "before")
    begun = backfills.moment_of(since, "since") if since else EPOCH
    ids = _ids(missing) if missing else frozenset[str]()
    adoption = Adoption(begun, moment, ids)
    opened = connections.open_store(name)
    steps.check(opened, adoption)
    counts = [(each, opened.source.count(each, EPOCH, moment)) for each in steps.streams(opened)]
    table(f"Store {name} before {when(moment)}", ("stream", "records"), counts)
    if moment < opened.settings.start:
        start = when(opened.settings.start)
        typer.echo(f"What happened from then until the store's start, {start}, is neither adopted nor told.")
    confirm("Record all that happened before as told already?", yes=yes)
    with console().status("Adopting"):
        outcome = steps.adopt(opened, adoption)
    adopted = sum(count for what, count in outcome.items() if what.endswith(" filtered"))
    told = sum(count for what, count in outcome.items() if what.endswith(" pending"))
    as_what = "adopted, or left to a backfill" if since or ids else "adopted"
    recorded = f"{outcome['changed']:,} records recorded"
    typer.echo(f"{recorded}; {adopted:,} messages {as_what}, {told:,} to be sent.")


@app.command()
def audit(last: int = typer.Option(50, min=1, help="how many decisions, the latest first")) -> None:
    """Show what people decided about messages: edited, discarded, corrected; who, when and why."""
    from commerce_events.airflow.connections import open_ledger

    rows = [
        (when(one.at), one.who, one.action, one.event_id, one.destination, one.why, one.detail)
        for one in open_ledger(reads_only=True).decisions.entries(last)
    ]
    table("Decisions", ("when", "who", "what", "event", "destination", "why", "where"), rows)


def _ids(file: Path) -> frozenset[str]:
    try:
        return frozenset(file.read_text("utf-8").replace(",", " ").split())
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: byte {error.start} is not UTF-8") from None


def _captured(ledger: Ledger) -> None:
    known = {(store, stream): count for store, stream, count in ledger.reports.records()}
    reached = {(store, stream): until for store, stream, until in ledger.reports.watermarks()}
    rows = [
        (*key, known.get(key, 0), when(reached.get(key))) for key in sorted(known.keys() | reached.keys())
    ]
    table("Captured", ("store", "stream", "records", "without a gap until"), rows)


def _wrong(ledger: Ledger) -> None:
    """What alerts are about, as the last run saw it."""
    found = ledger.alerts.standing()
    if found:
        rows = [(one.level, one.rule, one.scope, when(one.since), one.says) for one in found]
        table("Not as it should be", ("level", "what", "of", "since", ""), rows)
        typer.echo()


def _delivered(ledger: Ledger) -> None:
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for line in ledger.reports.by_message():
        counts.setdefault((line.store, line.destination, line.kind), Counter())[line.status] += line.count
    rows = [(*key, *(count[status] for status in Status)) for key, count in counts.items()]
    typer.echo()
    table("Messages", ("store", "destination", "message", *Status), rows)


def _waiting(ledger: Ledger) -> None:
    oldest = ledger.reports.oldest_pending()
    typer.echo(f"\nLongest unsent: {'none' if oldest is None else f'recorded {when(oldest)}'}\n")
    groups = ledger.waiting.groups(Choice())
    rows = [(one.destination, one.kind, one.status, one.reason, one.count) for one in groups]
    table("Messages that wait for a person", ("destination", "message", "status", "reason", "count"), rows)
    typer.echo()
    rejects = ledger.reports.open_rejects()
    table("Records that could not be read", ("store", "stream", "reason", "count"), rejects)


def _people(ledger: Ledger) -> None:
    """How many are known, how many ids were buried, and how far erasures are at Segment."""
    known, buried = ledger.people.counts(), ledger.erasures.tombstones()
    conflicts = Counter(store for store, *_ in ledger.people.conflicts())
    stores = sorted(known.keys() | buried.keys() | conflicts.keys())
    rows = [(store, known.get(store, 0), conflicts[store], buried.get(store, 0)) for store in stores]
    typer.echo()
    table("People", ("store", "known", "conflicts", "ids erased"), rows)
    erasures: Counter[tuple[str, str]] = Counter()
    for one in ledger.regulations.all():
        erasures[one.store, one.status or "waits to be filed"] += one.people
    typer.echo()
    table("Erasures at Segment", ("store", "status", "people"), [(*key, n) for key, n in erasures.items()])
