"""Keep the ledger small and healthy, every night.

`retain` drops bodies, requests, rejects and scans that were kept as long as `[retention]` in
`include/commerce.toml` asks; ids, states and counts stay. `regulate` asks Segment to erase those whom the
ledger has erased, should no other run have done so. `alert` tells of what got worse or well again.

A second run finds nothing left to do. A night that was missed is made good by the next one.
"""

from airflow.sdk import CronTriggerTimetable, dag, task

from commerce_events.airflow import alerting, connections, wall
from commerce_events.airflow.defaults import DEFAULTS
from commerce_events.steps.maintain import maintain
from commerce_events.steps.regulate import regulate as regulate_erased


@dag(
    schedule=CronTriggerTimetable("17 3 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["commerce"],
    doc_md=__doc__,
)
def maintain_ledger() -> None:
    @task
    def retain() -> dict[str, int]:
        return maintain(connections.open_ledger(), connections.retention(), now=wall.now())

    @task
    def regulate() -> dict[str, int]:
        return regulate_erased(connections.open_ledger(), connections.open_workspaces(), clock=wall.now)

    @task
    def alert() -> dict[str, int]:
        return alerting.alert()

    [retain(), regulate()] >> alert()


maintain_ledger()
