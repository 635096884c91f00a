"""The task `alert`: figures for the metrics, then what somebody must hear of."""

from collections import Counter

from commerce_events.airflow import connections, metrics, wall
from commerce_events.airflow.notifiers import notifiers
from commerce_events.steps.watch import Watched, watch


def alert(run_of: str | None = None) -> Counter[str]:
    """Look at all that is watched; measure, and tell changes. `run_of`: the DAG whose run ends here."""
    settings, ledger, now = connections.settings(), connections.open_ledger(), wall.now()
    watched = Watched.of(settings)
    metrics.standing(ledger, list(settings.destinations), now=now)
    told = notifiers(settings.alerts.notify)
    return watch(ledger, watched, told, now=now, run_of=run_of, measure=metrics.watched)
