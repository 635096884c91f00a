"""`commerce-events erase`: forget one person, and see how far their erasure is at Segment."""

from collections import Counter
from typing import Annotated

import typer

from commerce_events.cli.asking import confirm, only
from commerce_events.cli.erasures import show_queue
from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import table
from commerce_events.config import Store
from commerce_events.ledger.forgetting import Holdings

WORDS = {
    "records": "records of the store",
    "rejects": "records that could not be read",
    "payloads": "bodies of messages",
    "keys": "hashed addresses and browsers' ids",
}


def erase(
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="the person's userId; of a guest, the anonymousId")
    ] = None,
    store: Annotated[
        str | None, typer.Option(help="its name in commerce.toml; not needed if there is only one")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    status: Annotated[bool, typer.Option("--status", help="how far erasures are at Segment")] = False,
    again: Annotated[
        str | None, typer.Option(metavar="REGULATION", help="file its people once more; or a single userId")
    ] = None,
    done: Annotated[
        str | None,
        typer.Option(metavar="REGULATION", help="nothing is left to do for its people; or for a userId"),
    ] = None,
) -> None:
    """Remove all there is about a person from the ledger, and have Segment do the same.

    Shows first how much there is, without anything personal, and asks. What stays keeps the person from
    being sent again, through whichever door they come. Segment is asked by the next run of sync_customers.
    """
    if sum(map(bool, (customer, status, again, done))) != 1:
        raise typer.BadParameter("give one of --customer, --status, --again and --done")
    if customer:
        _erase(customer, store, yes=yes)
    elif status:
        show_queue()
    else:
        _settle(again, done)


def _erase(who: str, store: str | None, *, yes: bool) -> None:
    from commerce_events.airflow import connections
    from commerce_events.sources.elasticpath.pace import BRIEF
    from commerce_events.steps.erase import erase_person

    name = store or only(connections.store_names())
    opened = connections.open_store(name, patience=BRIEF)
    public_api = connections.open_public_api(opened.settings)
    found = opened.ledger.erasures.holds(name, who, opened.renderer.key)
    _show(found, name)
    confirm("Erase this person for good?", yes=yes)
    removed = erase_person(opened, who, regulate=not found.guest)
    _show_removed(removed)
    typer.echo(_next(opened.settings, guest=found.guest, connected=public_api is not None))


def _show(found: Holdings, store: str) -> None:
    if found.nothing:
        typer.echo(f"Nothing is known of this person at store {store}.")
        return
    kept = [(words, getattr(found, name)) for name, words in WORDS.items()]
    messages = [(f"messages {status}", count) for status, count in sorted(found.messages.items())]
    rows = [(what, count) for what, count in [*kept, *messages] if count]
    table(f"At store {store}", ("what there is about this person", "count"), rows)
    if found.shared:
        typer.echo(
            f"{found.shared} of their keys are somebody else's too, who is not erased with them: "
            "`commerce-events ledger conflicts` names both."
        )


def _show_removed(removed: Counter[str]) -> None:
    rows = [
        (WORDS.get(name, f"messages that were {name}"), count) for name, count in removed.items() if count
    ]
    table("Removed", ("what there was about this person", "count"), rows)
    typer.echo("Nothing about this person is sent any more, also if they come back.")


def _next(store: Store, *, guest: bool, connected: bool) -> str:
    erasure = store.erasure
    if erasure.regulation == "none":
        return "Segment is not asked to erase anything: commerce.toml says erasure.regulation = 'none'."
    if guest:
        return (
            "No regulation is filed: Segment erases by userId only, and this is a guest. "
            "What Segment has under their anonymousId stays there."
        )
    if not connected:
        return (
            f"No regulation will be filed, for there is no connection {erasure.connection}: what Segment has "
            "stays there. Add the connection, of type Segment Public API with a token as its password, and "
            "the next run of sync_customers files what waits."
        )
    return (
        f"The next run of sync_customers files {erasure.regulation} for them at Segment; "
        "`commerce-events erase --status` shows how far it is."
    )


def _settle(again: str | None, done: str | None) -> None:
    from commerce_events.airflow import connections, wall

    ledger = connections.open_ledger()
    if again:
        count = ledger.regulations.file_again(again)
        typer.echo(f"{count} people are filed once more by the next run of sync_customers.")
    else:
        count = ledger.regulations.close(done or "", wall.now())
        typer.echo(f"{count} ids have left the ledger.")
    if not count:
        raise typer.Exit(FINDINGS)
