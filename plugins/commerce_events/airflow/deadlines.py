"""Airflow's own watch over our runs: what does not end in time cannot tell so by itself."""

import asyncio
from datetime import timedelta
from typing import Any

from airflow.configuration import conf
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from commerce_events.airflow import connections, wall
from commerce_events.steps.watch import raise_late

# In section [commerce_events] of airflow.cfg, or AIRFLOW__COMMERCE_EVENTS__DEADLINES.
SETTING = "deadlines"


def deadline(dag_id: str, after: timedelta) -> DeadlineAlert | None:
    """An alert if a run of the DAG is not done so long after it was queued; None unless switched on.

    Off by default: in Airflow 3.3.2 `airflow dags test` breaks off at the end of a DAG that has one.
    """
    if not conf.getboolean("commerce_events", SETTING, fallback=False):
        return None
    callback = AsyncCallback(run_is_late, kwargs={"dag_id": dag_id})
    return DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=after, callback=callback)


async def run_is_late(dag_id: str, **_: Any) -> None:
    """Called in Airflow's triggerer, which must not be kept waiting."""
    await asyncio.to_thread(_raise_late, dag_id)


def _raise_late(dag_id: str) -> None:
    raise_late(connections.open_ledger(), connections.alert_notifiers(), dag_id, now=wall.now())
