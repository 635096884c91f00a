"""Ask every hour whether the numbers are right, heal what is missing, and say what cannot be healed.

`compare` holds the ledger against each store, day by day: counts first, then ids where counts differ. What is
missing or behind is read again, and `send` sends it. `refunds` looks, once a day, at the payments of some of
the recent orders, since a refund of a part need not change its order. `arrivals` holds what Segment took
against what it counted, four hours later at the earliest, where there is a connection to its Public API; the
write key is checked there too. Every hour the last two days are looked at, once a day the last thirty; by
hand any days. `report` adds the figures up; `commerce-events ledger accuracy` shows them.

A second run finds nothing more: what was healed agrees, and what cannot be healed is news only once.
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag, task

from commerce_events.airflow import connections, reconciling, wall
from commerce_events.airflow.defaults import DEFAULTS
from commerce_events.steps.deliver import deliver


@dag(
    schedule=CronTriggerTimetable("35 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["commerce", "segment"],
    doc_md=__doc__,
    params={
        "since": Param(None, type=["null", "string"], format="date", title="First day (UTC)"),
        "until": Param(
            None, type=["null", "string"], format="date", title="Last day", description="Today if empty."
        ),
    },
)
def reconcile() -> None:
    @task
    def streams() -> list[str]:
        return reconciling.streams()

    @task
    def stores() -> list[str]:
        return connections.store_names()

    @task
    def destinations() -> list[str]:
        return reconciling.destinations()

    @task(map_index_template="{{ stream }}")
    def compare(stream: str, params: dict[str, object] | None = None) -> dict[str, int]:
        return reconciling.compare(stream, params)

    @task(map_index_template="{{ store }}")
    def refunds(store: str) -> dict[str, int]:
        return reconciling.refunds(store)

    @task(retries=0, trigger_rule="all_done")  # what is left is sent by the next run, in order
    def send() -> dict[str, int]:
        return deliver(
            connections.open_ledger(),
            connections.open_destinations(),
            budget=timedelta(minutes=10),
            clock=wall.clock(),
        )

    @task(map_index_template="{{ destination }}")
    def arrivals(destination: str, params: dict[str, object] | None = None) -> dict[str, int]:
        return reconciling.arrivals(destination, params)

    @task(trigger_rule="none_failed")  # without a Public API `arrivals` is skipped, and all else still counts
    def report() -> dict[str, int]:
        return reconciling.report()

    every, shops, ends = streams(), stores(), destinations()
    compared, looked, counted = (
        compare.expand(stream=every),
        refunds.expand(store=shops),
        arrivals.expand(destination=ends),
    )
    sent = send()
    [compared, looked] >> sent
    [every, shops, ends, compared, looked, sent, counted] >> report()  # red, if any of them is


reconcile()
