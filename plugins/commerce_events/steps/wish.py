"""Wish: whether what was asked for can be done, and the store's settings with it in place of its own."""

from datetime import UTC, datetime

from commerce_events.config import Store
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import STREAMS, TRANSACTIONS, Wish


def checked(wish: Wish, store: Store, now: datetime) -> None:
    """Raise ConfigurationError naming everything that is wrong with a wish."""
    faults = [*_span(wish, now), *_streams(wish), *_rest(wish)]
    if faults:
        raise ConfigurationError(
            f"This backfill of store {store.name} cannot be planned: {'; '.join(faults)}"
        )


def as_wished(store: Store, wish: Wish) -> Store:
    """The store's settings as a backfill sees them: its own beginning, trackings and transactions."""
    trackings = {
        kind.value: store.tracking(kind).model_copy(update={"enabled": kind in wish.trackings})
        for kind in Kind
    }
    changed = {"start": wish.start, "transactions": wish.transactions}
    return store.model_copy(update={**changed, "trackings": store.trackings.model_copy(update=trackings)})


def _span(wish: Wish, now: datetime) -> list[str]:
    start, end = (f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" for at in (wish.start, wish.end))
    faults = []
    if wish.start == wish.end:
        faults.append(f"from and to are the same ({start}), and the end does not belong to a span")
    if wish.start > wish.end:
        faults.append(f"from ({start}) must be before to ({end})")
    if wish.end > now:
        faults.append(f"to ({end}) lies in the future; it is {now:%Y-%m-%d %H:%M:%SZ}")
    return faults


def _streams(wish: Wish) -> list[str]:
    unknown = [each for each in wish.streams if each not in STREAMS]
    faults = [f"unknown stream {each!r}; allowed: {', '.join(STREAMS)}" for each in unknown]
    return faults if wish.streams else ["no stream is named"]


def _rest(wish: Wish) -> list[str]:
    faults = []
    if not wish.trackings:
        faults.append(f"no tracking is named; allowed: {', '.join(Kind)}")
    if not 0 < wish.share <= 1:
        faults.append("the share of the rates must be more than 0 and at most 1")
    if wish.transactions not in TRANSACTIONS:
        faults.append(f"transactions must be one of {', '.join(TRANSACTIONS)}")
    if wish.fence_hours < 0:
        faults.append("fence hours must not be negative")
    return faults
