"""`commerce-events ui`: the sandbox and a full local Airflow, until Ctrl-C."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commerce_events.airflow.components import password, running, trigger
from commerce_events.airflow.local import LocalAirflow, prepare
from commerce_events.airflow.pools import MAKE
from commerce_events.cli.stand_ins import SCRATCH, SETTINGS, announce_to, connections_with_door
from commerce_events.sandbox.run import Sandbox

READY = """\
Airflow  [bold]{url}[/]   user [bold]admin[/], password [bold]{password}[/]
Store    {store}   orders keep moving through their lives, people join and change
Segment  {segment}   Public API {public_api}
Log      {log}

sync_orders has been started and runs every five minutes, sync_customers every fifteen. The store announces
what happens by webhook: ingest_events sends it on within seconds. In another shell:
  . {home}/env
  .venv/bin/commerce-events ledger status

Ctrl-C stops everything."""


def ui(
    orders: Annotated[int, typer.Option(min=1, help="how many the store begins with")] = 200,
    seed: Annotated[int, typer.Option(help="the same seed makes the same orders")] = 0,
    home: Annotated[Path, typer.Option(help="a folder to use; it is emptied")] = SCRATCH / "ui",
) -> None:
    """Leave the stand-ins and a full Airflow running, with its pages."""
    console = Console(soft_wrap=True)
    stopped = _on_signals()
    with Sandbox(orders=orders, seed=seed) as sandbox:
        local = prepare(home, connections_with_door(sandbox), SETTINGS)
        with (
            console.status("Airflow starts; this takes half a minute") as status,
            running(local, stopped) as server,
        ):
            local.run(*MAKE)
            trigger(local, "sync_orders", stopped)
            status.stop()
            if not stopped.is_set():
                announce_to(local.url, sandbox)
                sandbox.live()
                console.print(_introduction(local, sandbox), highlight=False)
            while server.poll() is None and not stopped.wait(1):
                pass
            console.print("Stopping; this takes a few seconds")
    if not stopped.is_set():
        console.print(f"[bold red]Airflow stopped by itself.[/] See {local.log}")
        raise typer.Exit(1)


def _introduction(local: LocalAirflow, sandbox: Sandbox) -> str:
    return READY.format(
        url=local.url,
        password=password(local),
        store=sandbox.store.url,
        segment=sandbox.segment.url,
        public_api=sandbox.public_api.url,
        log=local.log,
        home=local.home,
    )


def _on_signals() -> threading.Event:
    """Set by Ctrl-C, and by a plain `kill`: what was started must not outlive us."""
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    return stopped
