"""What a webhook or a queue message of Elastic Path says: which record something happened to.

A webhook names its event in `triggered_by` and has the resource in `payload` (and, deprecated, as text in
`resources`); a CloudEvent has them in `type` and `data`. The resource is `{data: {...}}`, or bare.
"""

from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import BadRecordError
from commerce_events.domain.hints import Hint
from commerce_events.sources.elasticpath.documents import without_secrets
from commerce_events.sources.elasticpath.nodes import Node, parse_moment

# The streams by the first word of a trigger. A transaction's is its order's.
STREAMS = {
    "order": "orders",
    "transaction": "orders",
    "customer": "customers",
    "account-member": "account_members",
}
LONGEST_ID = 150
LONGEST_TRIGGER = 100


def hint(store: str, door: Door, raw: bytes) -> Hint:
    """Raises BadRecordError unless `raw` is a JSON object in UTF-8, without NaN, not nested too deeply."""
    told = _object(raw)
    body = _kept(told)
    trigger = _trigger(told)
    kind = trigger.partition(".")[0]
    resource = _resource(told)
    return Hint(
        event_id=_name(told["id"], LONGEST_ID) or f"content:{blake2b(body, digest_size=16).hexdigest()}",
        store=store,
        door=door,
        trigger=trigger,
        stream=STREAMS.get(kind),
        record_id=_record_id(kind, resource),
        source_at=_changed_at(kind, resource),
        body=body,
    )


def _object(raw: bytes) -> Node:
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        raise BadRecordError("not_json", "$", "is no JSON object")
    return Node(told)


def _kept(told: Node) -> bytes:
    """Without secrets, the one that the sender proves itself with above all. `resources` only repeats."""
    left = {name: value for name, value in told.value.items() if name != "resources"}
    if not told["payload"] and told["resources"]:
        left["resources"] = _parsed(told["resources"].value)
    try:
        return orjson.dumps(without_secrets(left))
    except (orjson.JSONEncodeError, RecursionError, TypeError) as error:
        raise BadRecordError("too_deep", "$", "is nested too deeply") from error


def _trigger(told: Node) -> str:
    return _name(told["triggered_by"], LONGEST_TRIGGER) or _name(told["type"], LONGEST_TRIGGER) or ""


def _resource(told: Node) -> Node:
    """The document of what changed; of what was deleted only type and id."""
    for place in (told["payload"], Node(_parsed(told["resources"].value)), told["data"]):
        if isinstance(place.value, dict):
            return place["data"] if isinstance(place["data"].value, dict) else place
    return Node(None)


def _parsed(value: Any) -> Any:
    """`resources` is an object, or the text of one."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def _record_id(kind: str, resource: Node) -> str | None:
    named = resource["relationships"]["order"]["data"]["id"] if kind == "transaction" else resource["id"]
    found = _name(named, LONGEST_ID)
    return None if found in (".", "..") else found  # as part of an address they would be no id


def _changed_at(kind: str, resource: Node) -> datetime | None:
    """An order's own time. A transaction's says nothing about its order's."""
    return None if kind == "transaction" else parse_moment(resource["meta"]["timestamps"]["updated_at"].value)


def _name(node: Node, longest: int) -> str | None:
    """A short text without control characters, which some databases refuse."""
    text = node.text()
    return text if 0 < len(text) <= longest and text.isprintable() and text.strip() == text else None
