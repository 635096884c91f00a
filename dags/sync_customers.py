"""Keep Segment true to the customers and account members of every store, every fifteen minutes.

`streams` lists what each store of `include/commerce.toml` wants read of people; `capture` reads, stream by
stream, who is new or changed since the last run and writes what that means into the ledger; `send` sends
what the ledger owes; `regulate` asks Segment to erase those whom the ledger has erased, and follows what it
asked for, where there is a connection for that; `report` turns the run red when rows wait for a person.

A second run does no harm, and neither does `sync_orders` beside it: what is known is not told again, and a
message in one run's hands is not in the other's. Who was filed for erasure twice is erased once.
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag, task

from commerce_events.airflow import assets, connections, wall
from commerce_events.airflow.defaults import DEFAULTS
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.deliver import deliver
from commerce_events.steps.regulate import regulate as regulate_erased
from commerce_events.steps.report import report_run


@dag(
    schedule=CronTriggerTimetable("*/15 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["commerce", "segment"],
    doc_md=__doc__,
)
def sync_customers() -> None:
    @task
    def streams() -> list[str]:
        return connections.people_streams()

    @task(map_index_template="{{ stream }}", inlets=[assets.PEOPLE])
    def capture(stream: str) -> dict[str, int]:
        return capture_changes(*connections.open_stream(stream))

    # What is left is sent by the next run, in order.
    @task(retries=0, trigger_rule="all_done", outlets=[assets.SEGMENT])
    def send() -> dict[str, int]:
        return deliver(
            connections.open_ledger(),
            connections.open_destinations(),
            budget=timedelta(minutes=4),
            clock=wall.clock(),
        )

    @task(trigger_rule="all_done")  # who asked to be erased waits for nothing else
    def regulate() -> dict[str, int]:
        return regulate_erased(connections.open_ledger(), connections.open_workspaces(), clock=wall.now)

    @task(trigger_rule="none_failed")  # without streams `capture` is skipped, and all else still counts
    def report() -> dict[str, int]:
        return report_run(connections.open_ledger(), connections.health(), now=wall.now())

    names = streams()
    captured, sent, regulated = capture.expand(stream=names), send(), regulate()
    captured >> sent >> regulated
    [names, captured, sent, regulated] >> report()  # a failed capture must not end in a green run


sync_customers()
