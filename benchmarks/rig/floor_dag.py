"""The floor of Airflow: the bell of ingest_events, and a task that only says when it began.

This file is copied beside ingest_events for the benchmark; it is no DAG of the project's.
"""

import os
import time
from pathlib import Path

from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable, dag, task

from commerce_events.airflow.triggers.inbox import InboxTrigger

# An asset of its own: two files that name one asset's watchers differently take them away from each other.
BELL = Asset("floor_bell", watchers=[AssetWatcher(name="inbox", trigger=InboxTrigger())])


@dag(
    schedule=AssetOrTimeSchedule(assets=[BELL], timetable=CronTriggerTimetable("* * * * *", timezone="UTC")),
    catchup=False,
    max_active_runs=1,
)
def floor() -> None:
    @task
    def begin() -> None:
        with Path(os.environ["FLOOR_FILE"]).open("a") as file:
            file.write(f"{time.time()}\n")

    begin()


floor()
