"""One run of the DAG `backfill`: what its form says, and what each of its tasks does.

Tasks hand each other names of windows: the plan's id, the window's number, and what it is, for the reader.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.standard.exceptions import HITLRejectException
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule, get_current_context

from commerce_events.airflow import backfills, connections, wall
from commerce_events.domain.errors import AttentionError
from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import STREAMS, TRANSACTIONS, Plan
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.backfill import capture_window
from commerce_events.steps.deliver import deliver
from commerce_events.steps.rehearsal import Rehearsal

log = logging.getLogger(__name__)

BUDGET = timedelta(hours=23)
NO_IS_NO = ExceptionRetryPolicy(
    [RetryRule(exception=HITLRejectException, action=RetryAction.FAIL, reason="a person said no")]
)
A_TIME = "a day (2026-01-31, from its midnight in UTC) or a time with an offset"


def form() -> dict[str, Param]:
    """What Airflow asks before a run. What is left empty is as commerce.toml says."""
    return {
        "plan": _text("Plan", "The id of a plan to go on with; everything below is then left aside"),
        "store": Param("main", type="string", minLength=1, title="Store"),
        "streams": _choice("Streams", STREAMS, ["orders"], "Kinds of records; people come before orders"),
        "from": _text("From", f"Created from then on: {A_TIME}. Needed unless a plan is named"),
        "to": _text("To", f"And before: {A_TIME}"),
        "trackings": _choice("Trackings", list(Kind), [], "None chosen: those that are on"),
        "integrations": _text("Integrations", "A preset of commerce.toml: who may see these messages"),
        "share": Param(
            None, type=["null", "number"], exclusiveMinimum=0, maximum=1, title="Share of the rates"
        ),
        "transactions": Param(
            None,
            type=["null", "string"],
            enum=[None, *TRANSACTIONS],
            title="Transactions",
            description="Of which orders they are read, one request each",
        ),
        "fence_hours": Param(
            None,
            type=["null", "integer"],
            minimum=0,
            title="Fence, in hours",
            description="What is newer is left to the syncs; 0: nothing is",
        ),
        "dry_run": Param(False, type="boolean", title="Dry run", description="Nothing is recorded or sent"),
    }


def _text(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], title=title, description=description)


def _choice(title: str, allowed: Sequence[str], chosen: list[str], description: str) -> Param:
    names = [str(each) for each in allowed]
    items = {"type": "string", "enum": names}
    return Param(
        chosen, type=["null", "array"], items=items, examples=names, title=title, description=description
    )


def plan() -> list[str]:
    """The windows to capture. A run that is cleared goes on with the plan it made."""
    said, run = _asked()
    ledger = connections.open_ledger(reads_only=said["dry_run"])
    found = _current(ledger)
    if found is None:
        found = backfills.planned(backfills.wish_of(said), ledger, run, keep=not said["dry_run"])
    log.info("%s", summary(found))
    if said["dry_run"]:
        log.info("%s", report(backfills.rehearsed(found)))
        return []
    return [f"{found.id} {each.number} {each.label}" for each in found.windows]


def _asked() -> tuple[dict[str, Any], str]:
    """What the form says, and the run's id."""
    context: Any = get_current_context()
    return context["params"], str(context["run_id"])


def _current(ledger: Ledger) -> Plan | None:
    """The plan that the form names, or that this run made."""
    said, run = _asked()
    return backfills.plan_named(said["plan"], ledger) if said["plan"] else ledger.plans.of_run(run)


def summary(plan: Plan) -> str:
    """Counts and times alone."""
    estimate = plan.estimate
    return (
        f"plan {plan.id}: {plan.counted:,} records in {len(plan.windows)} windows, about "
        f"{estimate.messages:,} messages and {estimate.requests:,} requests, "
        f"{timedelta(seconds=estimate.seconds)} at the configured rates"
    )


def report(found: Rehearsal) -> str:
    """What a dry run found: counts, and the places where messages would differ; nothing that stands there."""
    ends = [" ".join(filter(None, fate)) + f" {count:,}" for fate, count in sorted(found.fates.items())]
    places = [f"{path} differs in {one.count} of {found.compared}" for path, one in found.changes.items()]
    return "\n".join([f"dry run: {dict(found.counts())}", *ends, *places])


def questions() -> list[str]:
    """What a person must agree to first: nothing, or one thing."""
    above, current = connections.settings().backfill.approval_above, _at_work(connections.open_ledger())
    if above is None or current is None or current.estimate.messages <= above:
        return []
    return [question(current)]


def question(plan: Plan) -> str:
    """What whoever answers must know, as Markdown."""
    wish = plan.wish
    return (
        f"Store **{wish.store}**, {', '.join(wish.streams)} created {wish.start:%Y-%m-%d %H:%M:%SZ} to "
        f"{plan.end:%Y-%m-%d %H:%M:%SZ}; the preset `{wish.preset}` says who sees it.\n\n"
        f"{summary(plan)}; `commerce-events backfill status {plan.id}` shows all of it.\n\n"
        "Approve: its windows are read, and what they tell is sent. Reject: nothing is read or sent, this "
        "run ends red, and the plan stays for another time."
    )


def approval(asked: Any) -> Any:
    """One task for each question; whoever says no ends the run, and is not asked again."""
    return ApprovalOperator.partial(
        task_id="approve",
        subject="May this backfill begin?",
        fail_on_reject=True,
        execution_timeout=None,
        retry_policy=NO_IS_NO,
    ).expand(body=asked)


def begin() -> dict[str, int]:
    """What nobody agreed to is not begun. Of a dry run there is nothing to begin."""
    ledger = connections.open_ledger()
    current = _at_work(ledger)
    if current is None:
        return {}
    backfills.begin(current, ledger)
    return {"windows": len(current.left)}


def _at_work(ledger: Ledger) -> Plan | None:
    """The plan to be carried out; a dry run carries out none."""
    return None if _asked()[0]["dry_run"] else _current(ledger)


def capture(window: str) -> Counter[str]:
    plan_id, number = window.split()[:2]
    ledger = connections.open_ledger()
    current = backfills.plan_named(plan_id, ledger)
    return capture_window(backfills.opened(current, ledger), current, int(number))


def send() -> Counter[str]:
    """Until nothing is owed. The syncs send as well; whoever comes first has a message."""
    return deliver(
        connections.open_ledger(), connections.open_destinations(), budget=BUDGET, clock=wall.clock()
    )


def check() -> dict[str, int]:
    """Account for every record of the plan's span. Raises AttentionError naming what is missing by id."""
    ledger = connections.open_ledger()
    current = _at_work(ledger)
    if current is None:
        return {}
    if current.left:
        raise AttentionError(
            f"plan {current.id} is {current.stage}: {len(current.left)} of its windows were not read to "
            "their end. Clear the task `plan` to go on"
        )
    found = backfills.accounted(current, ledger)
    for each in found:
        log.info("store %s, %s, by day of creation:\n%s", each.store, each.stream, each.text())
    gaps = [gap for each in found for gap in each.gaps]
    if gaps:
        first = ", ".join(f"{gap.record_id} ({gap.fault})" for gap in gaps[:10])
        raise AttentionError(f"{len(gaps)} records of plan {current.id} are not accounted for: {first}")
    return {"records": current.read, "gaps": 0}
