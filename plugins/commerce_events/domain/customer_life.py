"""The facts of a customer's life. A fact carries only what changed, and nothing is ever told as empty.

A change of mind is the exception: all is told again, for receivers who were told nothing before it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from commerce_events.domain.facts import Fact, Kind, Link, Reason
from commerce_events.domain.records import Profile, Record
from commerce_events.domain.states import Policy, State, fact_of, short_hash
from commerce_events.domain.traits import is_empty

CONSENT = "consent"  # watched beside the traits


def customer_facts(record: Record, seen: State | None, policy: Policy) -> list[Fact]:
    """The facts that are new in this look; not yet screened."""
    if isinstance(record.subject, Profile):
        return list(_derived(record, seen))
    return list(_deleted(record, policy) if record.customer.deleted else _present(record, seen, policy))


def known_traits(record: Record, seen: State | None) -> dict[str, str]:
    """What is known of each trait. One that became empty keeps its last value: nothing overwrites it."""
    return {**(seen.watched if seen else {}), **_filled(record)}


def _present(record: Record, seen: State | None, policy: Policy) -> Iterator[Fact]:
    if seen is None and record.created_at >= policy.start:
        yield fact_of(record, Kind.CUSTOMER_CREATED, record.created_at)
        return
    changed = _changed(_filled(record), seen)
    if not changed or policy.customer_trigger != "customer.updated":
        return
    # Someone who was there before the start is introduced as of the start, since what is true of a person
    # is no event of the past; else their first order would come from a stranger.
    at = record.updated_at if seen else max(record.updated_at, policy.start)
    yield replace(
        fact_of(record, Kind.CUSTOMER_UPDATED, at),
        revision=f"{record.updated_at.isoformat()}:{short_hash(known_traits(record, seen))}",
        changed=tuple(sorted(changed)),
        filtered=Reason.ANONYMISED if record.customer.anonymised else None,
    )


def _derived(record: Record, seen: State | None) -> Iterator[Fact]:
    """What a person's orders come to has changed. The first time, all of it is new; a link is told once."""
    changed = _changed(_filled(record), seen)
    update = fact_of(record, Kind.CUSTOMER_UPDATED, record.updated_at)
    mind = f":{record.updated_at.isoformat()}" if seen and CONSENT in changed else ""
    for other, how in sorted(record.profile.links.items()):
        if _link(other) in changed:
            yield replace(update, revision=f"{_link(other)}{mind}", link=Link(other, how))
    traits = changed & record.profile.traits.keys()
    if traits:
        revision = f"{record.updated_at.isoformat()}:{short_hash(known_traits(record, seen))}"
        yield replace(update, revision=revision, changed=tuple(sorted(traits)))


def _deleted(record: Record, policy: Policy) -> Iterator[Fact]:
    if policy.customer_trigger == "customer.deleted":
        yield replace(fact_of(record, Kind.CUSTOMER_UPDATED, record.updated_at), revision="deleted")


def _changed(filled: Mapping[str, str], seen: State | None) -> set[str]:
    known = seen.watched if seen else {}
    changed = {trait for trait, value in filled.items() if known.get(trait) != value}
    return set(filled) if CONSENT in changed else changed


def _filled(record: Record) -> dict[str, str]:
    return {trait: short_hash(value) for trait, value in _told(record).items() if not is_empty(value)}


def _told(record: Record) -> Mapping[str, Any]:
    subject = record.subject
    consent = {} if subject.consent is None else {CONSENT: sorted(subject.consent.items()) or "nothing"}
    if not isinstance(subject, Profile):
        return {**record.customer.watched, **consent}
    return {**subject.traits, **{_link(other): how for other, how in subject.links.items()}, **consent}


def _link(other: str) -> str:
    return f"link:{short_hash(other)}"
