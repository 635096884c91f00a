"""A customer whom the store has no more: told where a tracking asks for it, erased where a store does."""

from collections import Counter

from commerce_events.domain.records import Customer, Record
from commerce_events.steps.erase import erase_person
from commerce_events.steps.record import record_all
from commerce_events.steps.store import OpenStore

NOT_FOUND = "not_found"

# Stands for the content of what the store has no more.
DELETED = b"deleted"


def capture_deleted(store: OpenStore, stream: str, record_id: str) -> Counter[str]:
    """Lists never show a deletion; whoever learns of one calls this. Of a stranger nothing is told."""
    seen = store.ledger.records.states(store.name, stream, [record_id]).get(record_id)
    if seen is None or seen.erased:
        return Counter()
    outcome = record_all(store, stream, [_gone(store, stream, record_id)])
    if store.settings.erasure.on_deleted and seen.person is not None:
        outcome["erased"] += 1
        erase_person(store, seen.person)
    return outcome


def _gone(store: OpenStore, stream: str, record_id: str) -> Record:
    now = store.clock()
    nobody = Customer(
        name=None,
        first_name=None,
        last_name=None,
        email=None,
        phone=None,
        anonymous_id=None,
        custom={},
        anonymised=False,
        test=False,
        watched={},
        deleted=True,
    )
    kind = {"customers": "customer", "account_members": "account_member"}[stream]
    document = {"data": {"type": kind, "id": record_id}}
    return Record(store.name, stream, record_id, now, now, DELETED, nobody, document)
