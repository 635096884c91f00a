"""What Segment drops in silence after its 200, by the codes of its Delivery Overview."""

from commerce_events.sandbox.wire import Json

TYPES = frozenset({"track", "identify", "page", "screen", "group", "alias"})
MOST_MESSAGES = 2_500
LONGEST_ID = 100


def drop_reason(message: object) -> str | None:
    """None for a message that Segment would publish."""
    if not isinstance(message, dict) or message.get("type") not in TYPES:
        return "bad_request"
    return _identity(message) or _by_type(message) or _shapes(message) or _message_id(message)


def _identity(message: Json) -> str | None:
    given = [message[name] for name in ("userId", "anonymousId") if message.get(name) is not None]
    if not given:
        return "no_user_anon_id"
    return None if all(isinstance(one, str) and one for one in given) else "id_not_string"


def _by_type(message: Json) -> str | None:
    match message["type"]:
        case "track":
            event = message.get("event")
            if event is None or event == "":
                return "event_not_defined"
            return None if isinstance(event, str) else "event_not_string"
        case "group":
            return None if message.get("groupId") else "id_required"
        case "alias":
            return None if message.get("previousId") and message.get("userId") else "id_required"
        case "page" | "screen":
            for name in ("name", "category"):
                if not isinstance(message.get(name) or "", str):
                    return f"{name}_not_string"
    return None


def _shapes(message: Json) -> str | None:
    for name in ("properties", "traits"):
        if message.get(name) is not None and not isinstance(message[name], dict):
            return f"{name}_not_object"
    context = message.get("context")
    if context is not None and not isinstance(context, dict):
        return "bad_request"
    return _consent((context or {}).get("consent"))


def _consent(consent: object) -> str | None:
    if consent is None:
        return None
    categories = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    if categories is None:
        return "consent_categorypreferences_should_exist"
    if not isinstance(categories, dict):
        return "consent_categorypreferences_fields_should_be_object"
    if not all(isinstance(allowed, bool) for allowed in categories.values()):
        return "consent_categorypreferences_fields_should_be_bool"
    return None


def _message_id(message: Json) -> str | None:
    """Absent is fine: Segment makes one. The documents give a length and no code for breaking it."""
    given = message.get("messageId")
    if given is None:
        return None
    return None if isinstance(given, str) and 0 < len(given) <= LONGEST_ID else "bad_request"
