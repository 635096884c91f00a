"""Differences to the Integrations Hub's Segment integration that are meant, or follow from its templates.

Each is named for what a merchant sees. What is none of them may be a mistake, theirs or ours.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from commerce_events.steps.exports import Json, Subject

UPDATED, REFUNDED, STARTED = "Order Updated", "Order Refunded", "Checkout Started"
EVENTS = frozenset({UPDATED, REFUNDED, STARTED, "Order Completed", "Order Cancelled"})
IDS = frozenset({"userId", "anonymousId"})
MONEY = frozenset({"discount", "price", "revenue", "shipping", "tax", "total", "value"})

# What stands around a message, and is another one each time.
ENVELOPE = frozenset(
    {
        "messageId", "sentAt", "receivedAt", "originalTimestamp", "version", "projectId", "writeKey",
        "integrations", "channel", "_metadata",
    }
)  # fmt: skip
# Their templates divide by 100 whatever the currency.
UNLIKE_CENTS = frozenset(
    {
        "BHD", "BIF", "CLP", "DJF", "GNF", "IQD", "ISK", "JOD", "JPY", "KMF", "KRW", "KWD", "LYD", "OMR",
        "PYG", "RWF", "TND", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
    }
)  # fmt: skip
POWERS_OF_TEN = (0.001, 0.01, 0.1, 10.0, 100.0, 1000.0)
LATE = timedelta(hours=1)  # a webhook is repeated for a while


class Known(StrEnum):
    NOISE = "updates that repeat what another message tells"
    PARTIAL = "refunds of a part, which only we tell one by one"
    REFUND = "amounts of a refund beside what was given back, which only they tell"
    STOREFRONT = "Checkout Started of the storefront"
    OTHERS = "events that are not about orders or people"
    GUEST = "what a guest is called"
    TIME = "the time: theirs is when it was sent, ours when it happened"
    ADDED = "what only we tell"
    CENTS = "amounts in a currency without cents"
    SIGN = "the sign of the discount"
    TEXT = "numbers that they send as text"
    LINES = "lines that are no products"


def known_alone(subject: Subject, message: Json, *, ours: bool, paired: bool) -> Known | None:
    """Why there is a message on one side only, if it is known. `paired`: others about the same met."""
    if message["type"] != "track":
        return (Known.ADDED if ours else Known.NOISE) if paired else None
    if ours:
        return Known.PARTIAL if _is_partial(subject, message) else None
    if subject.event not in EVENTS:
        return Known.OTHERS
    if subject.event == STARTED and (not subject.id or _is_browsers(message)):
        return Known.STOREFRONT
    return Known.NOISE if subject.event == UPDATED else None


def known_place(
    subject: Subject, place: tuple[str, ...], theirs: Any, ours: Any, messages: tuple[Json, Json]
) -> Known | None:
    """Why two messages differ at a place, if it is known. What is not there is None."""
    name = place[-1]
    if place[0] in IDS:
        return _known_id(place[0], theirs, *messages)
    if place == ("timestamp",):
        return Known.TIME if theirs is None or _is_near(theirs, ours) else None
    if theirs is None:
        return Known.ADDED
    if name in MONEY and _is_partial(subject, messages[1]):
        return Known.PARTIAL
    if ours is None:
        return Known.REFUND if subject.event == REFUNDED and name in MONEY else None
    return _known_value(name, theirs, ours, messages[1])


def _known_id(name: str, theirs: Any, their_message: Json, message: Json) -> Known | None:
    if theirs is None and name == "anonymousId" and message.get("userId") == their_message.get("userId"):
        return Known.ADDED
    return Known.GUEST if _is_guest(their_message, message) else None


def _is_partial(subject: Subject, message: Json) -> bool:
    """Ours tells which lines were refunded only where it was all of them."""
    return subject.event == REFUNDED and "products" not in _properties(message)


def known_line(subject: Subject, line: Mapping[str, Any], message: Json) -> Known | None:
    """Why a product stands in their message alone, and not in ours, if it is known."""
    if _is_partial(subject, message):
        return Known.PARTIAL
    price = _number(line.get("price"))
    return Known.LINES if not line.get("product_id") or (price is not None and price < 0) else None


def _known_value(name: str, theirs: Any, ours: Any, message: Json) -> Known | None:
    one, other = _number(theirs), _number(ours)
    if one is None or other is None:
        return None
    if one == other:
        return Known.TEXT
    if name == "discount" and one == -other:
        return Known.SIGN
    odd = _properties(message).get("currency") in UNLIKE_CENTS
    if odd and one and any(abs(other / one - power) < power * 1e-6 for power in POWERS_OF_TEN):
        return Known.CENTS
    return None


def _is_guest(theirs: Json, ours: Json) -> bool:
    """Ours has no userId; theirs is an address, or the order itself."""
    said = {str(theirs.get(name)) for name in IDS if theirs.get(name)}
    order = str(_properties(theirs).get("order_id"))
    return not ours.get("userId") and all("@" in each or each == order for each in said)


def _is_browsers(message: Json) -> bool:
    context = message.get("context")
    library = context.get("library") if isinstance(context, dict) else None
    name = str(library.get("name")) if isinstance(library, dict) else ""
    return name.startswith("analytics.js") or message.get("channel") == "client"


def _is_near(theirs: Any, ours: Any) -> bool:
    try:
        one, other = (datetime.fromisoformat(str(each)) for each in (theirs, ours))
        return timedelta() - timedelta(minutes=1) <= one - other <= LATE
    except (TypeError, ValueError):
        return False


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _properties(message: Json) -> Mapping[str, Any]:
    found = message.get("properties")
    return found if isinstance(found, dict) else {}
