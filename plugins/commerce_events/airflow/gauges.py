"""Our figures among Airflow's own statistics (StatsD, OpenTelemetry), where those are switched on."""

from collections.abc import Mapping

from airflow.sdk.observability import stats

PREFIX = "commerce_events"


def gauge(name: str, value: float, tags: Mapping[str, str]) -> None:
    """StatsD has no tags: there they become part of the name."""
    parts = (PREFIX, name, *(tags[key] for key in sorted(tags, reverse=True)))
    stats.gauge(".".join(parts), value)
