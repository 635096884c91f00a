"""What a person filled into a DAG's form, checked and handed to the step it asks for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from airflow.sdk import get_current_context

from commerce_events.airflow import connections, wall
from commerce_events.domain.deliveries import Status
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.facts import Kind
from commerce_events.ledger.decisions import Decision
from commerce_events.ledger.waiting import Choice
from commerce_events.steps.correct import correct
from commerce_events.steps.decide import discard
from commerce_events.steps.replay import replay

WAITING = (Status.QUARANTINED, Status.DEAD)
SENT = (Status.ACCEPTED, *WAITING)

Form = Mapping[str, Any]


def count(form: Form | None) -> Counter[str]:
    """How many messages the form chooses, by kind, status and reason."""
    form, ledger = form or {}, connections.open_ledger(reads_only=True)
    if form["action"] == "correct":
        return Counter(sent=ledger.decisions.count_sent(_to_correct(form)))
    groups = ledger.waiting.groups(chosen(form))
    return Counter({f"{one.kind} {one.status} {one.reason}": one.count for one in groups})


def apply(form: Form | None) -> Counter[str]:
    """Do what the form asks; a dry run returns what would become of the messages."""
    form = form or {}
    dry_run = bool(form["dry_run"])
    ledger = connections.open_ledger(reads_only=dry_run)
    match form["action"]:
        case "discard" if dry_run:
            return count(form)
        case "discard":
            said = decision(form)
            return Counter(discarded=discard(ledger, chosen(form), said, clock=wall.now))
        case "correct":
            said = Decision("nobody", "a look") if dry_run else decision(form)
            routing, renderers = connections.correction_routing(), connections.renderers(ledger)
            choice = _to_correct(form)
            return correct(ledger, renderers, choice, routing, said, dry_run=dry_run, clock=wall.now)
    renderers = connections.renderers(ledger)
    return replay(ledger, renderers, chosen(form), dry_run=dry_run, clock=wall.now)


def chosen(form: Form) -> Choice:
    """The form's filters; ConfigurationError names a field that cannot be."""
    try:
        return Choice(
            statuses=(Status(form["status"]),) if form.get("status") else WAITING,
            reason=form.get("reason") or None,
            destination=form.get("destination") or None,
            ids=tuple(form.get("ids") or ()),
            kind=Kind(form["message"]) if form.get("message") else None,
            day=date.fromisoformat(form["day"]) if form.get("day") else None,
        )
    except ValueError as error:
        allowed = ", ".join(Kind)
        raise ConfigurationError(f"The form's message must be one of {allowed}; {error}") from error


def _to_correct(form: Form) -> Choice:
    choice = chosen(form)
    if choice.all:
        raise ConfigurationError("The form must choose what to correct: by message, day, ids or destination")
    return replace(choice, statuses=SENT)


def decision(form: Form) -> Decision:
    """Whoever triggered the run, and the reason given."""
    if not (form.get("why") or "").strip():
        raise ConfigurationError(
            "The form must say why: the audit keeps it. Nothing personal belongs into it"
        )
    run = get_current_context()["dag_run"]
    return Decision(getattr(run, "triggering_user_name", None) or "an unnamed user", form["why"])
