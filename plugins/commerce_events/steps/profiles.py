"""Profiles: what follows from all orders of a person together, told when it changes."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from commerce_events.domain.moments import MICROSECOND
from commerce_events.domain.people import Totals, computed_traits
from commerce_events.domain.records import Profile, Record
from commerce_events.ledger.people import Behind
from commerce_events.steps.introductions import introducing_streams
from commerce_events.steps.record import record_all
from commerce_events.steps.store import OpenStore

PEOPLE = "people"
GROUP = 200


def tell_profiles(store: OpenStore) -> Counter[str]:
    """Catch up with everybody whose orders changed. Exact whatever the order in which they came.

    Each change of an order is counted in the transaction that records it, and a profile is done only for
    the change it was worked out from: one that comes meanwhile is done again.
    """
    outcome: Counter[str] = Counter()
    if not introducing_streams(store):
        return outcome
    while behind := store.ledger.people.behind(store.name, GROUP):
        people = [each.person for each in behind]
        totals, links = _totals(store, people), _links(store, people)
        at = _moments(store, people)
        records = [
            _profile(store.name, each, totals.get(each.person), links.get(each.person, {}), at[each.person])
            for each in behind
        ]
        outcome += record_all(store, PEOPLE, records)
        store.ledger.people.catch_up(store.name, behind)
    return outcome


def _moments(store: OpenStore, people: list[str]) -> dict[str, datetime]:
    """When each profile was looked at: now, but after its last look. A worker with a clock ahead of ours may
    have made that, and an older look would be no news.
    """
    now, seen = store.clock(), store.ledger.records.states(store.name, PEOPLE, people)
    last = {who: known.state.updated_at + MICROSECOND for who, known in seen.items()}
    return {who: max(now, last.get(who, now)) for who in people}


def _totals(store: OpenStore, people: list[str]) -> Mapping[str, Totals]:
    """Nothing until the ledger knows every order there ever was: a part of the past would be a wrong sum."""
    if not store.settings.traits.computed or not store.ledger.charter.knows_past(store.name):
        return {}
    linked = store.settings.identity.link != "none"
    return store.ledger.people.totals(store.name, people, linked=linked)


def _links(store: OpenStore, people: list[str]) -> Mapping[str, Mapping[str, str]]:
    """How the other ids of each person are joined to theirs: a browser's always, a guest's as configured."""
    link = store.settings.identity.link
    return {
        who: {other: "identify" if own else link for other, own in ids.items() if own or link != "none"}
        for who, ids in store.ledger.people.other_ids(store.name, people).items()
    }


def _profile(
    store: str, behind: Behind, totals: Totals | None, links: Mapping[str, str], now: datetime
) -> Record:
    traits = computed_traits(totals) if totals is not None else {}
    if behind.address:
        traits["address"] = dict(behind.address)
    return Record(store, PEOPLE, behind.person, now, now, b"", Profile(traits, links), {"data": {}})
