"""Asking for what lists do not show: of several records at once, and of the next page meanwhile."""

from collections.abc import Iterable, Iterator

from commerce_events.domain.records import Customer, Page, Profile, Record, Reject
from commerce_events.domain.states import concerns
from commerce_events.ledger.entries import Seen
from commerce_events.sources.ahead import ahead
from commerce_events.steps.gather import Complete, Prepared, gathered
from commerce_events.steps.side_by_side import side_by_side
from commerce_events.steps.store import OpenStore

# Enough for a store that takes 50 ms to keep a processor busy. The store's own rate stands above it.
AT_ONCE = 48

# A record, and what is known of it where it has changed since.
Look = tuple[Record, Seen | None]


def prepared(store: OpenStore, stream: str, pages: Iterator[Page]) -> Iterator[Prepared]:
    """All that the pages hold, in their order. Where records may cost a request each, some are completed
    while others are worked on; else a thread would only be in the way of this one.
    """
    coming = gathered(_prepared(store, stream, page) for page in pages)
    return ahead(coming, 1) if store.source.completes(stream) else coming


def completed(store: OpenStore, looks: Iterable[Look], complete: Complete) -> dict[str, Record | Reject]:
    """By id. What `complete` holds is not asked for again."""
    asked = [look for look in looks if look[0].id not in complete or _disagrees(*look)]
    told = side_by_side(lambda look: _completed(store, *look), asked, AT_ONCE)
    return {**complete, **{record.id: found for (record, _), found in zip(asked, told, strict=True)}}


def _prepared(store: OpenStore, stream: str, page: Page) -> Prepared:
    """A record whose second is known already is left to whoever records it, by what is known then."""
    wanting = [record for record in page.records if not store.source.is_complete(record)]
    if not wanting:
        return Prepared(page, {})
    seen = store.ledger.records.states(store.name, stream, [record.id for record in wanting])
    looks = [(record, seen.get(record.id)) for record in wanting]
    asked = [look for look in looks if _is_told(store, *look) and not _disagrees(*look)]
    found = completed(store, asked, {}).values()
    return Prepared(page, {each.id: each for each in found if isinstance(each, Record)})


def _is_told(store: OpenStore, record: Record, known: Seen | None) -> bool:
    return concerns(record, known.state if known else None, store.policy)


def _completed(store: OpenStore, record: Record, known: Seen | None) -> Record | Reject:
    if isinstance(record.subject, Profile) or (
        isinstance(record.subject, Customer) and record.subject.deleted
    ):
        return record  # worked out here; no store has it
    if _disagrees(record, known):
        return store.source.read(record.stream, record.id)
    return store.source.complete(record)


def _disagrees(record: Record, known: Seen | None) -> bool:
    """Two contents of one second: the store says which one is newer."""
    return known is not None and record.updated_at == known.state.updated_at
