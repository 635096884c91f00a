"""`commerce-events sandbox`: the stand-ins, for trying things by hand."""

from typing import Annotated

import typer

from commerce_events.sandbox.run import run


def sandbox(
    port_store: Annotated[int, typer.Option(help="0 chooses a free one")] = 0,
    port_segment: Annotated[int, typer.Option(help="0 chooses a free one")] = 0,
    orders: Annotated[int, typer.Option(min=0, help="how many the store begins with")] = 200,
    seed: Annotated[int, typer.Option(help="the same seed makes the same orders")] = 0,
    live: Annotated[bool, typer.Option(help="keep orders moving and people joining")] = False,
    faults: Annotated[float, typer.Option(min=0, max=1, help="share of requests that go wrong")] = 0.0,
) -> None:
    """Serve an Elastic Path store and a Segment with its Public API on this machine, until Ctrl-C."""
    run(port_store, port_segment, orders, seed, live=live, faults=faults, announce=typer.echo)
