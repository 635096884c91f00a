"""The key `commerce` of a template's input: one record and one fact in words that fit any store.

What is not known is absent, never null or empty, so that a template can pass it on without a test.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from commerce_events.domain.facts import Fact
from commerce_events.domain.identity import Identity
from commerce_events.domain.moments import rfc3339
from commerce_events.domain.records import Order, Profile, Record
from commerce_events.templates.customers import customer_parts
from commerce_events.templates.orders import order_parts
from commerce_events.templates.wording import known

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of a person beside the record.

    `custom` names the store's fields that may leave; `derived` is what follows from all their orders.
    """

    custom: Collection[str] = ()
    derived: Mapping[str, Any] | None = None
    first_order: bool | None = None
    consent: Mapping[str, bool] | None = None


def commerce(
    fact: Fact, record: Record, identity: Identity, door: str, background: Background
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "event": {"kind": str(fact.kind), "occurred_at": rfc3339(fact.occurred_at), "door": str(door)},
        "store": record.store,
        "identity": known({"userId": identity.user_id, "anonymousId": identity.anonymous_id}),
        **_parts(fact, record, background),
        "context": _context(record, background.consent),
    }


def _parts(fact: Fact, record: Record, background: Background) -> dict[str, Any]:
    if isinstance(record.subject, Order):
        return order_parts(fact, record, background.first_order)
    return customer_parts(fact, record, background.custom, background.derived)


def _context(record: Record, consent: Mapping[str, bool] | None) -> dict[str, Any]:
    """No categories at all is a refusal of everything, which is not the same as not knowing."""
    if consent is None and not isinstance(record.subject, Profile):
        consent = record.subject.consent
    return {} if consent is None else {"consent": {"categoryPreferences": dict(consent)}}
