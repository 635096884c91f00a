"""Times as the ledger keeps them, whole microseconds since 1970, UTC; and as messages tell them."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Exact for every aware datetime; a naive one raises TypeError."""
    return (moment - EPOCH) // MICROSECOND


def moment(count: int) -> datetime:
    return EPOCH + count * MICROSECOND


def seconds(count: float) -> int:
    """A duration in seconds as microseconds."""
    return round(count * 1_000_000)


@lru_cache(maxsize=1_000)  # an order's few times stand in several places of each of its messages
def rfc3339(moment: datetime) -> str:
    """In UTC, to the millisecond: 2026-01-31T12:00:00.000Z. A naive one is taken for local time."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"
