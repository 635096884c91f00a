"""A customer, account member or profile for the key `commerce`: `customer`, and `computed` where known.

An update shows only what changed, so that nothing else can leave.
"""

from collections.abc import Collection, Mapping
from typing import Any

from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.moments import rfc3339
from commerce_events.domain.records import Customer, Profile, Record
from commerce_events.templates.buyer import address_parts
from commerce_events.templates.wording import known


def customer_parts(
    fact: Fact, record: Record, custom: Collection[str], derived: Mapping[str, Any] | None
) -> dict[str, Any]:
    """`custom` names the store's fields that may leave. Of an anonymised person nothing is left."""
    if record.subject.anonymised:
        return {"customer": {}}
    derived = _changed_profile(fact, record) if derived is None else derived
    address = address_parts(derived.get("address") or {})
    computed = known({name: value for name, value in derived.items() if name != "address"})
    parts = {"customer": known({"id": record.id, **_customer(fact, record, custom), "address": address})}
    return {**parts, "computed": computed} if computed else parts


def _changed_profile(fact: Fact, record: Record) -> dict[str, Any]:
    if not isinstance(record.subject, Profile):
        return {}
    return {name: value for name, value in record.subject.traits.items() if name in fact.changed}


def _customer(fact: Fact, record: Record, custom: Collection[str]) -> dict[str, Any]:
    subject = record.subject
    if not isinstance(subject, Customer):
        return {}
    if subject.deleted:
        return {"deleted": True}
    changed = frozenset(subject.watched if fact.kind is Kind.CUSTOMER_CREATED else fact.changed)
    introduced = changed >= known(subject.watched).keys()
    return {
        **{name: value for name, value in _plain(subject).items() if name in changed},
        "custom": known({name: value for name, value in _own(subject, changed).items() if name in custom}),
        "created_at": rfc3339(record.created_at) if introduced else None,
    }


def _plain(customer: Customer) -> dict[str, Any]:
    """Everything but the store's own fields."""
    return {
        "name": customer.name,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "phone": customer.phone,
        "external_ref": customer.watched.get("external_ref"),
    }


def _own(customer: Customer, changed: frozenset[str]) -> dict[str, Any]:
    """What changed of the store's own fields. Its reference to another system is one of them."""
    own = {name: value for name, value in customer.custom.items() if f"custom.{name}" in changed}
    reference = customer.watched.get("external_ref")
    return {**own, "external_ref": reference} if "external_ref" in changed else own
