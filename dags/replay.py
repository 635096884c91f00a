"""Put messages that wait for a person back in line, or close them, by a form.

`count` says how many messages the form chooses, by what they wait for; `apply` does what the form asks:
*replay* renders quarantined and dead messages again by today's templates and contracts, and what passes is
sent by the next run under its own id, in its old place in line; *discard* closes them for good; *correct*
tells those again that were accepted, or may have been, if they differ by now, as new messages that only
warehouses see. It begins as a dry run: nothing is written until you say so.

A second run finds what the first one left. What may have been sent already is never replayed.
"""

from airflow.sdk import Param, dag, task

from commerce_events.airflow import forms
from commerce_events.airflow.defaults import DEFAULTS


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["commerce", "segment"],
    doc_md=__doc__,
    params={
        "action": Param("replay", enum=["replay", "discard", "correct"], title="What to do"),
        "dry_run": Param(True, type="boolean", title="Only look", description="Write nothing."),
        "status": Param(None, enum=[None, "quarantined", "dead"], title="Status"),
        "reason": Param(None, type=["null", "string"], title="Reason", description="As `count` names it."),
        "message": Param(
            None, type=["null", "string"], title="Message", description="Such as order_completed."
        ),
        "day": Param(None, type=["null", "string"], format="date", title="Day it happened (UTC)"),
        "ids": Param([], type="array", items={"type": "string"}, title="Event or order ids"),
        "destination": Param(None, type=["null", "string"], title="Destination"),
        "why": Param(
            None, type=["null", "string"], title="Why", description="For the audit; nothing personal."
        ),
    },
)
def replay() -> None:
    @task
    def count(params: dict[str, object] | None = None) -> dict[str, int]:
        return forms.count(params)

    @task(retries=0)
    def apply(params: dict[str, object] | None = None) -> dict[str, int]:
        return forms.apply(params)

    count() >> apply()


replay()
