"""Customers and account members as the store prints them; all of them invented."""

from datetime import datetime
from random import Random

from commerce_events.sandbox.catalogue import Person, new_id
from commerce_events.sandbox.clock import stamp
from commerce_events.sandbox.wire import Json

STARS = "**"  # what the store leaves of an anonymised value
SINGLE_NAMES = ("Prince", "浩", "Zoë", "Müller")


def customer(dice: Random, person: Person, at: datetime) -> Json:
    """One name field; the flow fields of the store stand beside it at the root, often null."""
    when = stamp(at)
    document: Json = {
        "type": "customer",
        "id": person.customer_id,
        "name": _name(dice, person),
        "email": person.email,
        "password": dice.random() < 0.8,
        "loyalty_tier": dice.choice((None, None, "bronze", "silver", "gold")),
        "marketing_consent": dice.choice((None, True, True, False)),
        "session_id": dice.choice((None, f"sess-{dice.getrandbits(64):016x}")),
        "date_of_birth": dice.choice((None, f"19{dice.randrange(40, 99)}-0{dice.randrange(1, 9)}-17")),
        "meta": {"timestamps": {"created_at": when, "updated_at": when}},
    }
    if dice.random() < 0.3:
        document["external_ref"] = f"crm/{dice.randrange(10**6)}"
    return document


def _name(dice: Random, person: Person) -> str:
    """Mostly as on orders; some have one word for a name, some none."""
    match dice.randrange(12):
        case 0:
            return dice.choice(SINGLE_NAMES)
        case 1:
            return ""
        case _:
            return person.name


def account_member(dice: Random, person: Person, at: datetime) -> Json:
    """The parts of a name are a member's own: they may be missing, and need not make up the whole."""
    # The documents show whole seconds in one place and milliseconds in another.
    when = dice.choice((stamp(at), stamp(at).replace("Z", ".000Z")))
    first, _, rest = person.name.partition(" ")
    known = dice.random() < 0.7
    return {
        "id": person.member_id,
        "type": "account_member",
        "name": person.name,
        "given_name": first if known else None,
        "middle_name": dice.choice((None, None, "Maria")) if known else None,
        "family_name": dice.choice((rest, "")) if known else None,
        "email": person.email,
        "meta": {"timestamps": {"created_at": when, "updated_at": when}},
    }


def address(dice: Random, person: Person, at: datetime) -> Json:
    """One entry of a customer's address book."""
    when = stamp(at)
    return {
        "type": "address",
        "id": new_id(dice),
        "name": dice.choice(("Home", "Work", "")),
        **dict(person.address),
        "phone_number": dice.choice(("", "+1 555 0100")),
        "instructions": dice.choice(("", "Leave it with the neighbours 🏡")),
        "meta": {"timestamps": {"created_at": when, "updated_at": when}},
        "relationships": {"customer": {"data": {"type": "customer", "id": person.customer_id}}},
    }


def anonymise(document: Json) -> None:
    """In place: what is text and says something about a person becomes two stars."""
    for name, value in document.items():
        if isinstance(value, str) and value and name not in ("type", "id"):
            document[name] = STARS
