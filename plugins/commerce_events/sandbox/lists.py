"""What each list of the store may be asked: the documented attributes, operators and sorts, and no others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

Path = tuple[str, ...]
EQUAL = frozenset({"eq"})
TEXT = frozenset({"eq", "like"})
ORDERED = frozenset({"gt", "ge", "lt", "le"})
TIME = EQUAL | ORDERED
LOOSE = TEXT | {"ilike"}
OPTIONAL = frozenset({"ilike", "is_null"})


@dataclass(frozen=True, slots=True)
class Rules:
    """`paths` says where in a record an attribute stands; the times stand in indexes of their own."""

    operators: Mapping[str, frozenset[str]]
    paths: Mapping[str, Path]
    sorts: frozenset[str]
    default_sort: str
    amounts: frozenset[str] = frozenset()

    def with_sort(self, name: str) -> "Rules":
        return replace(self, sorts=self.sorts | {name})


def both_ways(*names: str) -> frozenset[str]:
    return frozenset(names) | {f"-{name}" for name in names}


AMOUNTS = frozenset({"with_tax", "without_tax"})
ORDER_PATHS: dict[str, Path] = {
    "status": ("status",),
    "payment": ("payment",),
    "shipping": ("shipping",),
    "currency": ("meta", "display_price", "with_tax", "currency"),
    "with_tax": ("meta", "display_price", "with_tax", "amount"),
    "without_tax": ("meta", "display_price", "without_tax", "amount"),
    "name": ("customer", "name"),
    "email": ("customer", "email"),
    "contact.name": ("contact", "name"),
    "contact.email": ("contact", "email"),
    "customer_id": ("relationships", "customer", "data", "id"),
    "account_id": ("relationships", "account", "data", "id"),
    "account_member_id": ("relationships", "account_member", "data", "id"),
    "shipping_postcode": ("shipping_address", "postcode"),
    "billing_postcode": ("billing_address", "postcode"),
    "external_ref": ("external_ref",),
    "order_number": ("order_number",),
}
EXACT = ("status", "payment", "shipping", "currency", "product_id", "product_sku")
ORDERS = Rules(
    operators={
        **dict.fromkeys(ORDER_PATHS, TEXT),
        **dict.fromkeys(EXACT, EQUAL),
        **dict.fromkeys(AMOUNTS, ORDERED),
        "created_at": TIME,
        "updated_at": TIME,
    },
    paths=ORDER_PATHS,
    # The default order is said to be `-updated_at`; sorting by it upwards is documented nowhere.
    sorts=both_ways("created_at", "payment", "shipping", "status", "with_tax") | {"-updated_at"},
    default_sort="-updated_at",
    amounts=AMOUNTS,
)

PEOPLE_SORTS = both_ways("created_at", "email", "id", "name", "updated_at")
CUSTOMERS = Rules(
    operators={
        "email": TEXT,
        "name": TEXT,
        "id": TIME,
        "external_ref": EQUAL,
        "created_at": TIME,
        "updated_at": TIME,
    },
    paths={name: (name,) for name in ("email", "name", "id", "external_ref")},
    sorts=PEOPLE_SORTS,
    default_sort="-created_at",
)

NAME_PARTS = ("given_name", "middle_name", "family_name")
ACCOUNT_MEMBERS = Rules(
    operators={"email": LOOSE, "name": LOOSE, **dict.fromkeys(NAME_PARTS, OPTIONAL)},
    paths={name: (name,) for name in ("email", "name", "id", *NAME_PARTS)},
    sorts=PEOPLE_SORTS,
    default_sort="-created_at",
)
