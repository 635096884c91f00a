"""Keep Segment true to the orders of every store, every five minutes.

`stores` lists the stores of `include/commerce.toml`; `capture` reads, store by store, the orders that
changed since the last run and writes what each change means into the ledger; `send` sends what the ledger
owes; `alert` tells somebody when something that is watched got worse or well again; `report` turns the run
red when rows wait for a person, or wait too long, or when a store that should announce its changes has fallen
silent.

A second run does no harm: it finds what the first one left, and what is known is not told again. A task
that was killed loses nothing: the next run goes on behind the last page, or batch, that was written down.
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag, task

from commerce_events.airflow import alerting, assets, connections, deadlines, wall
from commerce_events.airflow.defaults import DEFAULTS
from commerce_events.airflow.gauges import gauge
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.deliver import deliver
from commerce_events.steps.report import report_run


@dag(
    schedule=CronTriggerTimetable("*/5 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["commerce", "segment"],
    deadline=deadlines.deadline("sync_orders", timedelta(minutes=30)),
    doc_md=__doc__,
)
def sync_orders() -> None:
    @task
    def stores() -> list[str]:
        return connections.store_names()

    @task(map_index_template="{{ store }}", inlets=[assets.ORDERS])
    def capture(store: str) -> dict[str, int]:
        return capture_changes(connections.open_store(store), stream="orders")

    # What is left is sent by the next run, in order.
    @task(retries=0, trigger_rule="all_done", outlets=[assets.SEGMENT])
    def send() -> dict[str, int]:
        return deliver(
            connections.open_ledger(),
            connections.open_destinations(),
            budget=timedelta(minutes=4),
            clock=wall.clock(),
        )

    @task(trigger_rule="all_done")  # what has failed is what there is to tell
    def alert() -> dict[str, int]:
        return alerting.alert(run_of="sync_orders")

    @task
    def report() -> dict[str, int]:
        return report_run(
            connections.open_ledger(),
            connections.health(),
            now=wall.now(),
            stores=connections.settings().stores,
            gauge=gauge,
        )

    names = stores()
    captured, sent = capture.expand(store=names), send()
    alerted = alert()
    captured >> sent >> alerted
    [names, captured, sent, alerted] >> report()  # all_success: a failed capture must not end in a green run


sync_orders()
