"""`commerce-events webhooks`: what a store tells us of by itself, and how that goes."""

from collections.abc import Sequence
from typing import Annotated

import typer

from commerce_events.cli.asking import confirm, only
from commerce_events.cli.door_health import show_delays
from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import table
from commerce_events.cli.webhook_logs import show_logs
from commerce_events.config import Store
from commerce_events.domain.doors import door_path, require_door
from commerce_events.sources.elasticpath.integrations import Integration, Webhook
from commerce_events.steps import registration
from commerce_events.steps.registration import Step

app = typer.Typer(no_args_is_help=True, help="Webhooks: what a store tells us of by itself.")

StoreName = Annotated[
    str | None, typer.Option("--store", help="its name in commerce.toml; not needed if there is only one")
]
URL_HELP = f"where the store reaches this Airflow, ending in {door_path('NAME')}"


@app.command()
def register(
    url: Annotated[str, typer.Option(help=URL_HELP)],
    store: StoreName = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be done")] = False,
) -> None:
    """Have the store send webhooks here; safe to run again, and repairs what has changed there since.

    Which events depends on the streams and trackings that are on. The secret is the webhook_secret of the
    store's connection. Integrations of others are left alone.
    """
    from commerce_events.airflow import connections

    settings = _store(store)
    require_door(url, settings.name)
    integrations, secret = connections.open_integrations(settings), connections.webhook_secret(settings)
    if dry_run:
        steps = registration.plan(settings, url, secret, integrations.all())
        _show_steps("What would be done", steps)
        return
    steps = registration.register(settings, integrations, url, secret)
    _show_steps("What was done", steps)


@app.command()
def status(
    store: StoreName = None,
    url: Annotated[str | None, typer.Option(help="also compare where they post to")] = None,
) -> None:
    """Show what the store tells us of, and what of the last 24 hours did not get here.

    Exit code 1 if something differs from what `register` would make, or an event was lost.
    """
    from commerce_events.airflow import connections
    from commerce_events.airflow.wall import now

    settings = _store(store)
    integrations = connections.open_integrations(settings)
    found = registration.ours(settings, integrations.all())
    known = url or next((each.url for each in found), "")
    steps = registration.plan(settings, known, connections.webhook_secret(settings), found)
    _show_integrations(settings, found, steps)
    lost = show_logs(integrations, found, now())
    show_delays(connections.open_ledger(reads_only=True), now())
    if steps:
        typer.echo("\n`commerce-events webhooks register` repairs what differs.")
    if steps or lost:
        raise typer.Exit(FINDINGS)


@app.command()
def remove(
    store: StoreName = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Have the store send no more webhooks here. Only what `register` made goes."""
    from commerce_events.airflow import connections

    settings = _store(store)
    integrations = connections.open_integrations(settings)
    found = registration.ours(settings, integrations.all())
    table("Integrations", ("name", "posts to"), [(each.name, each.url) for each in found])
    if not found:
        return
    confirm(f"Remove these {len(found)} integrations from the store?", yes=yes)
    _show_steps("What was done", registration.remove(settings, integrations))


def _store(name: str | None) -> Store:
    from commerce_events.airflow import connections

    return connections.store_settings(name or only(connections.store_names()))


def _show_steps(title: str, steps: Sequence[Step]) -> None:
    rows = [(step.deed, step.name, step.why, _events(step.wanted)) for step in steps]
    table(title, ("", "integration", "because", "events"), rows)
    if not steps:
        typer.echo("The store tells us of everything.")


def _events(wanted: Webhook | None) -> str:
    return ", ".join(wanted.events) if wanted else ""


def _show_integrations(store: Store, found: Sequence[Integration], steps: Sequence[Step]) -> None:
    why = {step.found.id if step.found else step.name: step.why for step in steps}
    rows = [
        (each.name, each.url, ", ".join(each.events), _secret(each), why.pop(each.id, "as registered"))
        for each in found
    ]
    rows += [(name, "", "", "", missing) for name, missing in why.items()]
    title = f"Integrations of store {store.name}"
    table(title, ("name", "posts to", "events", "secret", "state"), rows)


def _secret(found: Integration) -> str:
    return "cannot be read back" if found.secret is None else "can be read"
