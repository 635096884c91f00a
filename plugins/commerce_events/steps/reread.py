"""Reread: ask the store again for the records that could not be read."""

from collections import Counter

from commerce_events.domain.records import Reject
from commerce_events.steps.capture import capture_records
from commerce_events.steps.store import OpenStore


def reread(store: OpenStore, stream: str, *, dry_run: bool) -> Counter[str]:
    """Returns how many are, or would be, `read` now, and how many `still rejected` for which reason."""
    ids = store.ledger.rejects.open_ids(store.name, stream)
    if not dry_run:
        capture_records(store, stream, ids)
        left = len(set(store.ledger.rejects.open_ids(store.name, stream)).intersection(ids))
        return +Counter({"read": len(ids) - left, "still rejected": left})
    found = [store.source.read(stream, record_id) for record_id in ids]
    return Counter(f"still rejected: {one.reason}" if isinstance(one, Reject) else "read" for one in found)
