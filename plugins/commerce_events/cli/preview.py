"""`commerce-events preview`: what one record tells, beside what was told of it."""

import json
from typing import Annotated

import typer

from commerce_events.cli.asking import only
from commerce_events.cli.plainly import FINDINGS
from commerce_events.cli.terminal import when
from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import Fact
from commerce_events.domain.money import major
from commerce_events.domain.records import Order, Record, Reject
from commerce_events.ledger.reports import Told
from commerce_events.steps.preview import Line, Preview


def preview(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="the order's id at the store")],
    store: Annotated[
        str | None, typer.Option(help="its name in commerce.toml; not needed if there is only one")
    ] = None,
    stream: Annotated[str, typer.Option(help="the kind of record")] = "orders",
) -> None:
    """Show what an order or a person tells by today's settings and templates, and what was told already.

    Reads it from the store and the ledger; sends and changes nothing. The messages are shown whole,
    with personal data in them: do not pass the output on. Exit code 1 if it cannot be read.
    """
    from commerce_events.airflow import connections
    from commerce_events.sources.elasticpath.pace import BRIEF
    from commerce_events.steps.preview import preview as look

    name = store or only(connections.store_names())
    opened = connections.open_store(name, connections.open_ledger(reads_only=True), BRIEF)
    seen = look(opened, stream, order_id)
    if isinstance(seen.found, Reject):
        typer.echo(_unreadable(seen.found, name, stream, order_id), err=True)
        _show_earlier(seen)
        raise typer.Exit(FINDINGS)
    _show(seen, seen.found)


def _unreadable(reject: Reject, store: str, stream: str, record_id: str) -> str:
    if reject.reason == "not_found":
        return f"Store {store} has no {_called(stream)} {record_id}."
    what = f"{_called(stream).capitalize()} {record_id} of store {store}"
    return f"{what} cannot be read ({reject.reason}): {reject.message}"


def _called(stream: str) -> str:
    return stream.removesuffix("s").replace("_", " ")


def _show(seen: Preview, record: Record) -> None:
    order = record.subject if isinstance(record.subject, Order) else None
    states = [f"{order.status}, {order.payment}, {order.shipping}"] if order else []
    said = "; ".join([*states, f"last changed {when(record.updated_at)}"])
    typer.echo(
        f"{_called(record.stream).capitalize()} {record.id} of store {record.store}: {said}\n"
        "What follows holds personal data, as it would be sent."
    )
    shown: Fact | None = None
    for line in seen.lines:
        if line.fact is not shown:
            shown = line.fact
            typer.echo(f"\n{_heading(shown, order)}")
        _show_line(line)
    _show_earlier(seen)


def _heading(fact: Fact, order: Order | None) -> str:
    parts = [f"{_title(fact.kind)} at {when(fact.occurred_at)}"]
    parts += [] if fact.certain else ["no true time is known, this is the record's last change"]
    if fact.refund is not None and order is not None:
        amount, total = (major(minor, order.exponent) for minor in (fact.refund.amount, fact.refund.total))
        parts.append(f"{amount} {order.currency}, of {total} refunded so far")
    parts += [f"changed: {', '.join(fact.changed)}"] if fact.changed else []
    return "; ".join(parts)


def _show_line(line: Line) -> None:
    typer.echo(f"  {line.owed.destination}, event {line.event_id}")
    typer.echo(f"    by today's rules  {_verdict(line)}")
    typer.echo(f"    so far            {_so_far(line)}")
    if line.told is not None:
        typer.echo(f"    difference        {_compared(line)}")
        for one in line.differences:
            typer.echo(f"      {one.path}: told {one.expected}, now {one.got}")
    if line.message is not None:
        text = json.dumps(line.message, indent=2, ensure_ascii=False)
        typer.echo("\n".join(f"    {row}" for row in text.splitlines()))


def _verdict(line: Line) -> str:
    owed = line.owed
    match owed.status:
        case Status.PENDING:
            return "keeps its contract and is sent"
        case Status.FILTERED:
            return f"is not sent: {owed.reason}"
    return f"is quarantined ({owed.reason}): {owed.detail}"


def _so_far(line: Line) -> str:
    if line.told is not None:
        return _fate(line.told)
    return (
        "not told; the next run records it" if line.news else "not told; waits until the order changes again"
    )


def _fate(told: Told) -> str:
    attempts = f", {told.attempts} attempt{'s' if told.attempts != 1 else ''}" if told.attempts else ""
    settled = f" {when(told.settled_at)}" if told.settled_at else ""
    why = f" ({told.reason}{f': {told.detail}' if told.detail else ''})" if told.reason else ""
    return f"{told.status}{settled}{why}{attempts}"


def _compared(line: Line) -> str:
    if line.told is None or line.told.body is None or line.message is None:
        return "cannot be told: one of the two messages is not there"
    return f"{len(line.differences)} places" if line.differences else "none"


def _show_earlier(seen: Preview) -> None:
    if seen.earlier:
        typer.echo("\nTold earlier, and not implied by how the order stands now")
    for told in seen.earlier:
        typer.echo(f"  {_title(told.kind)} at {when(told.occurred_at)}, {told.destination}: {_fate(told)}")


def _title(kind: str) -> str:
    return kind.replace("_", " ").title()
