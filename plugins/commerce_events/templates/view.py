"""What a template sees: the store's own webhook body, and beside it `commerce` in our words.

Two parts of the body are large. `payload` is shared by all facts of a record, and written as JSON once.
`resources`, the same once more as text, is left out, and put in for templates that read it.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Literal
from uuid import NAMESPACE_DNS, UUID, uuid5

import orjson

from commerce_events.domain.errors import TemplateError
from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.identity import Identity
from commerce_events.domain.ids import event_id
from commerce_events.domain.records import Customer, Record
from commerce_events.domain.written import Written
from commerce_events.templates.commerce import Background, commerce

Root = Literal["webhook", "payload", "data"]

# What the Integrations Hub is triggered by unless it is configured otherwise.
TRIGGERS = {
    Kind.CUSTOMER_CREATED: "customer.created",
    Kind.CUSTOMER_UPDATED: "customer.updated",
    Kind.CHECKOUT_STARTED: "order.created",
    Kind.ORDER_COMPLETED: "order.paid",
    Kind.ORDER_UPDATED: "order.updated",
    Kind.ORDER_REFUNDED: "order.refunded",
    Kind.ORDER_CANCELLED: "order.cancelled",
}
INTEGRATION = {"id": "", "integration_type": "webhook", "name": "commerce-events", "description": ""}


def template_input(
    fact: Fact,
    record: Record,
    identity: Identity,
    *,
    door: str,
    root: Root = "webhook",
    trigger: str | None = None,
    custom: Collection[str] = (),
    derived: Mapping[str, Any] | None = None,
    first_order: bool | None = None,
    consent: Mapping[str, bool] | None = None,
) -> dict[str, Any]:
    """One document for one fact, for orjson to write: parts of it are JSON already, or shared with `record`.

    `root` is what the merchant's template takes for its root: the whole webhook body, its `payload`, or
    the order or customer inside. `commerce` stands beside it in each case. `trigger` is the store's event
    name where the tracking is not triggered by the usual one.

    The rest is known beside the record: `custom` names the store's fields that may leave; `derived` are
    `address` and computed traits (a profile's own are taken where it is None); `first_order` whether the
    buyer never bought before; `consent` what the person agreed to, before what the record itself says.
    """
    body: Mapping[str, Any]
    match root:
        case "webhook":
            body = _webhook(fact, record, trigger or TRIGGERS[fact.kind])
        case "payload":
            body = _payload(record)
        case "data":
            body = record.document.get("data", {})
    background = Background(custom, derived, first_order, consent)
    return {**body, "commerce": commerce(fact, record, identity, door, background)}


def with_resources(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A webhook's body with what was left out of it; any other document as it is.

    The store calls it deprecated, and older templates read it.
    """
    if "integration" not in document or "resources" in document:
        return document
    return {**document, "resources": orjson.dumps(document["payload"]).decode()}


def _payload(record: Record) -> Mapping[str, Any]:
    """What the store deleted comes without `data` around it."""
    gone = isinstance(record.subject, Customer) and record.subject.deleted
    return record.document.get("data", {}) if gone else record.document


def _webhook(fact: Fact, record: Record, trigger: str) -> dict[str, Any]:
    """The webhook's body, without `configuration`: that holds a secret."""
    return {
        "id": str(event_id(_namespace(record.store), fact)),
        "triggered_by": trigger,
        "attempt": 1,
        "integration": INTEGRATION,
        "store_id": record.store,
        "payload": record.once(_payload_as_json),
    }


@cache
def _namespace(store: str) -> UUID:
    return uuid5(NAMESPACE_DNS, store)


def _payload_as_json(record: Record) -> orjson.Fragment:
    payload = _payload(record)
    if isinstance(payload, Written):
        return orjson.Fragment(payload.text)
    try:
        return orjson.Fragment(orjson.dumps(payload))
    except TypeError:
        problem = "the record holds what JSON does not know"
    raise TemplateError(problem)
