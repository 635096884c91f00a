"""Keep Segment true within seconds, where a store announces its changes by webhook or queue.

Started when the inbox has new hints, and every minute for what that missed. The API server puts webhooks
into the inbox, and one of the two watchers does so with messages of queues. `ingest` reads the records that
all waiting hints are about, writes what changed into the ledger, and sends it at once; `report` turns the run
red when rows wait for a person, or wait too long.

A second run does no harm: a hint ends only after its record was recorded, and nothing known is told again.
What no hint told of, or a store that sends none, is found by `sync_orders` and `sync_customers`.
"""

from datetime import timedelta

from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable, dag, task

from commerce_events.airflow import connections, wall
from commerce_events.airflow.defaults import DEFAULTS
from commerce_events.airflow.triggers.inbox import InboxTrigger
from commerce_events.airflow.triggers.queues import QueueTrigger
from commerce_events.steps.ingest import ingest as ingest_hints
from commerce_events.steps.report import report_run

INBOX = Asset(
    "commerce_events_inbox",
    watchers=[
        AssetWatcher(name="inbox", trigger=InboxTrigger()),
        AssetWatcher(name="queues", trigger=QueueTrigger()),
    ],
)


@dag(
    schedule=AssetOrTimeSchedule(assets=[INBOX], timetable=CronTriggerTimetable("* * * * *", timezone="UTC")),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["commerce", "segment"],
    doc_md=__doc__,
)
def ingest_events() -> None:
    @task(retries=0)  # the next run begins within a minute, and with what this one left
    def ingest() -> dict[str, int]:
        return ingest_hints(*connections.open_inbox(), budget=timedelta(minutes=4), clock=wall.clock())

    @task
    def report() -> dict[str, int]:
        return report_run(connections.open_ledger(), connections.health(), now=wall.now())

    ingest() >> report()


ingest_events()
