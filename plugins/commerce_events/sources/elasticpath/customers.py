"""A customer or account member, translated into our words once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commerce_events.domain.records import Customer, Record
from commerce_events.sources.elasticpath.consent import consent
from commerce_events.sources.elasticpath.documents import fingerprint, is_test, without_secrets
from commerce_events.sources.elasticpath.nodes import Node
from commerce_events.sources.elasticpath.watched import stable
from commerce_events.sources.source import Rules

Names = tuple[str | None, str | None, str | None]  # the full one, the first, the last

LEFT_WHEN_ANONYMISED = frozenset({"type", "id", "anonymized", "meta"})
STORES_OWN = LEFT_WHEN_ANONYMISED | {
    "name", "email", "external_ref", "custom_attributes", "links", "relationships"
}  # fmt: skip
NAME_PARTS = frozenset({"given_name", "middle_name", "family_name"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells one kind of person from another. All fields beside the store's own are flow fields."""

    stream: str
    stores_own: frozenset[str]
    names: Callable[[Node], Names]


def person_record(kind: Kind, data: dict[str, Any], rules: Rules) -> Record:
    """Raises BadRecordError naming what cannot be read, and where."""
    person = Node(data, ("data",))
    anonymised = _is_anonymised(person)
    document = {"data": _kept(data, anonymised)}
    times = person["meta"]["timestamps"]
    return Record(
        store=rules.store,
        stream=kind.stream,
        id=person["id"].identifier(),
        created_at=times["created_at"].moment(),
        updated_at=times["updated_at"].moment(),
        digest=fingerprint(document),
        subject=_customer(kind, Node(document["data"]), anonymised, rules),
        document=document,
    )


def _customer(kind: Kind, person: Node, anonymised: bool, rules: Rules) -> Customer:
    """Of an anonymised person the document has nothing left that could be told."""
    name, first, last = kind.names(person)
    email, custom = person["email"].person(), _custom(kind, person)
    field = rules.customer_anonymous_id_field or rules.anonymous_id_field
    return Customer(
        name=name,
        first_name=first,
        last_name=last,
        email=email,
        phone=None,  # the store has no field for it; a shop's own one is among `custom`
        anonymous_id=person.dotted(field).key() if field else None,
        custom=custom,
        anonymised=anonymised,
        test=_is_test(person, rules.test_filter),
        watched={
            "name": name,
            "first_name": first,
            "last_name": last,
            "email": email,
            "phone": None,
            "external_ref": person["external_ref"].person(),
            **{f"custom.{field}": stable(value) for field, value in custom.items()},
        },
        consent=consent(person, rules),
    )


def cut_name(person: Node) -> Names:
    """The store has one field for the name: cut at its first space, and a single word is a first name."""
    name = person["name"].person()
    first, _, last = (name or "").partition(" ")
    return name, first or None, last.strip() or None


def given_names(person: Node) -> Names:
    """Parts that were given stand as they are; they need not make up the full name."""
    parts = person["given_name"].person(), person["family_name"].person()
    if not any(parts):
        return cut_name(person)
    return person["name"].person() or " ".join(part for part in parts if part), *parts


CUSTOMER = Kind("customers", STORES_OWN, cut_name)
ACCOUNT_MEMBER = Kind("account_members", STORES_OWN | NAME_PARTS, given_names)


def _custom(kind: Kind, person: Node) -> dict[str, Any]:
    """The shop's own fields that are filled, with custom attributes among them."""
    given = person["custom_attributes"]
    names = given.value if isinstance(given.value, dict) else {}
    attributes = {name: given[name].unwrapped().value for name in names}
    flow = {name: value for name, value in person.value.items() if name not in kind.stores_own}
    return {name: value for name, value in {**attributes, **flow}.items() if value is not None}


def _is_anonymised(person: Node) -> bool:
    """The store says so, or has left stars where it had a name and an address."""
    told = [text for key in ("name", "email") if (text := person[key].text().strip())]
    return person["anonymized"].value is True or (bool(told) and not any(text.strip("*") for text in told))


def _kept(data: dict[str, Any], anonymised: bool) -> dict[str, Any]:
    """Without links, which only lists show; of an anonymised person nothing personal."""
    left = {key: value for key, value in data.items() if not anonymised or key in LEFT_WHEN_ANONYMISED}
    left.pop("links", None)
    kept: dict[str, Any] = without_secrets(left)
    return kept


def _is_test(person: Node, patterns: Mapping[str, Sequence[str]]) -> bool:
    """The paths are those of an order, where the buyer stands under `customer` or `contact`."""
    seen = Node({**person.value, "customer": person.value, "contact": person.value})
    return is_test(seen, {path: several for path, several in patterns.items() if seen.dotted(path)})
