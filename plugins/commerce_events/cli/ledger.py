"""`commerce-events ledger`: the ledger's schema, and what stands in it."""

from collections import Counter

import typer

from commerce_events.cli import accuracy
from commerce_events.cli.terminal import table, when
from commerce_events.domain.deliveries import Status
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

    ledger = open_ledger(reads_only=True)
    found, _ = schema.revisions(ledger.engine)
    typer.echo(f"{whereabouts(ledger.engine.url)}, schema {found}\n")
    _wrong(ledger)
    _captured(ledger)
    _delivered(ledger)
    _waiting(ledger)
    _people(ledger)


@app.command()
def conflicts() -> None:
    """Name the people who share an address or a browser: two ids that may be one person, by their ids alone.

    Nothing is merged: whose the key was first keeps it. Put it right at the store, or erase one of them.
    """
    from commerce_events.airflow.connections import open_ledger

    found = open_ledger(reads_only=True).people.conflicts()
    table("People who share a key", ("store", "key", "whose it is", "who claims it too"), found)


@app.command()
def audit(last: int = typer.Option(50, min=1, help="how many decisions, the latest first")) -> None:
    """Show what people decided about messages: edited, discarded, corrected; who, when and why."""
    from commerce_events.airflow.connections import open_ledger

    rows = [
        (when(one.at), one.who, one.action, one.event_id, one.destination, one.why, one.detail)
        for one in open_ledger(reads_only=True).decisions.entries(last)
    ]
    table("Decisions", ("when", "who", "what", "event", "destination", "why", "where"), rows)


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
