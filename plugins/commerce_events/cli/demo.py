"""`commerce-events demo`: a store, a Segment, a real Airflow, and what became of every order and customer."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commerce_events.airflow.local import LocalAirflow, prepare
from commerce_events.airflow.pools import MAKE
from commerce_events.cli.account import draw_up
from commerce_events.cli.stand_ins import SCRATCH, SETTINGS, connections_to
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.run import Sandbox

MOVES = 80  # steps in the lives of orders and customers between the runs

NEXT = """\
What to try next
  make ui
      the same with the Airflow pages, and a store that keeps moving
  . {home}/env; .venv/bin/commerce-events ledger status
      ask this demo's ledger, from this shell, what became of every message
  .venv/bin/commerce-events ledger conflicts
      who shares an address with somebody else, and may be one person
  .venv/bin/commerce-events templates test
      hold the templates against their golden cases
"""


def demo(
    orders: Annotated[int, typer.Option(min=1, help="how many the store begins with")] = 200,
    seed: Annotated[int, typer.Option(help="the same seed makes the same orders")] = 0,
    home: Annotated[Path, typer.Option(help="a folder to use; it is emptied")] = SCRATCH / "demo",
) -> None:
    """Run the real DAGs against stand-ins on this machine, and account for every order and customer."""
    console = Console(soft_wrap=True)
    with Sandbox(orders=orders, seed=seed) as sandbox:
        local = prepare(home, connections_to(sandbox), SETTINGS)
        console.print(
            f"A store with {orders} orders at {sandbox.store.url}, a Segment at {sandbox.segment.url}"
        )
        _airflow(console, local, "Airflow prepares its database", "db", "migrate")
        _airflow(console, local, "Backfills get their pool", *MAKE)
        _airflow(console, local, "sync_orders runs for the first time", "dags", "test", "sync_orders")
        console.print(f"The store moves on: {_told(sandbox.step(MOVES))}")
        _airflow(console, local, "sync_orders runs again", "dags", "test", "sync_orders")
        _airflow(console, local, "sync_customers runs", "dags", "test", "sync_customers")
        account = draw_up(Ledger(open_engine(f"sqlite:///{local.home}/commerce_ledger.db")), sandbox)
    console.print(account.table())
    if not account.adds_up:
        console.print(f"[bold red]The numbers do not add up.[/] The runs' output is in {local.log}")
        raise typer.Exit(1)
    console.print(NEXT.format(home=home), highlight=False)


def _airflow(console: Console, local: LocalAirflow, what: str, *arguments: str) -> None:
    began = time.monotonic()
    with console.status(what):
        code = local.run(*arguments)
    if code:
        console.print(f"[bold red]{what}: failed.[/] Its output is in {local.log}")
        raise typer.Exit(1)
    console.print(f"{what} [dim]({time.monotonic() - began:.0f} s)[/]")


def _told(moved: dict[str, int]) -> str:
    return ", ".join(f"{count} {step.replace('_', ' ')}" for step, count in sorted(moved.items()))
