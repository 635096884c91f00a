"""What the store sells, to whom, and in which currencies; all of it invented."""

from dataclasses import dataclass
from random import Random
from uuid import UUID

from commerce_events.sandbox.wire import Json

# code, decimal places, enabled, how many minor units a US cent makes
CURRENCIES = (
    ("USD", 2, True, 1.0),
    ("EUR", 2, True, 0.9),
    ("JPY", 0, True, 1.5),
    ("KWD", 3, True, 3.1),
    ("GBP", 2, False, 0.8),
)
ENABLED = tuple(code for code, _, enabled, _ in CURRENCIES if enabled)
MINOR_PER_CENT = {code: rate for code, _, _, rate in CURRENCIES}

PRODUCT_NAMES = (
    "Copper kettle",
    "Linen apron",
    "Crème brûlée torch",
    "筷子 (pair)",
    "Sticker 🎉",
    'Pan, "cast iron", 28 cm',
    "Tea towel\u00a0set",
    "Chef's knife — 20 cm",
    "Salt & pepper mill",
    "Grater " + "with a very long name " * 14,
    "Шапка повара",
    "Free recipe card",
)
FIRST_NAMES = ("Ada", "Björn", "Chloé", "Dmitri", "Eun-ji", "Fátima", "Grace", "浩", "Ngozi", "Zoë 🌻")
LAST_NAMES = ("Müller", "O'Brien", "Nuñez", "Sørensen", "Quill", "田中", "Abdel-Rahman", "van der Berg")


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    sku: str
    name: str
    cents: int

    def price(self, currency: str) -> int:
        return round(self.cents * MINOR_PER_CENT[currency])


@dataclass(frozen=True, slots=True)
class Person:
    """`kind` is how they check out: guest, customer or account."""

    kind: str
    name: str
    email: str
    customer_id: str
    account_id: str
    member_id: str
    address: tuple[tuple[str, str], ...]


def new_id(dice: Random) -> str:
    return str(UUID(int=dice.getrandbits(128), version=4))


def products(dice: Random) -> tuple[Product, ...]:
    prices = [dice.randrange(199, 24_999) for _ in PRODUCT_NAMES]
    prices[-1] = 0
    return tuple(
        Product(new_id(dice), f"SKU-{number:03}", name, cents)
        for number, (name, cents) in enumerate(zip(PRODUCT_NAMES, prices, strict=True), 1)
    )


def people(dice: Random, count: int) -> tuple[Person, ...]:
    return tuple(person(dice, number) for number in range(count))


def person(dice: Random, number: int) -> Person:
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    kind = ("customer", "guest", "account", "guest")[number % 4]
    return Person(
        kind=kind,
        name=f"{first} {last}" if number % 11 else f"{first} {'Maria ' * 20}{last}",
        email=f"buyer{number}@example.com",
        customer_id=new_id(dice),
        account_id=new_id(dice),
        member_id=new_id(dice),
        address=tuple(_address(dice, first, last).items()),
    )


def _address(dice: Random, first: str, last: str) -> dict[str, str]:
    return {
        "first_name": first,
        "last_name": last,
        "company_name": dice.choice(("", "", "Acme 株式会社")),
        "line_1": f"{dice.randrange(1, 400)} Sunny Street",
        "line_2": "",
        "city": dice.choice(("Sunny Town", "Malmö", "大阪", "")),
        "postcode": f"{dice.randrange(10_000, 99_999)}",
        "county": dice.choice(("", "Orange")),
        "region": dice.choice(("", "CA", "BC")),
        "country": dice.choice(("US", "SE", "JP", "KW", "DE")),
    }


def currency_documents(dice: Random) -> list[Json]:
    when = "2020-01-15T09:00:00Z"
    return [
        {
            "id": new_id(dice),
            "type": "currency",
            "code": code,
            "exchange_rate": 1,
            "format": f"{code} {{price}}",
            "decimal_point": ".",
            "thousand_separator": ",",
            "decimal_places": places,
            "default": code == "USD",
            "enabled": enabled,
            "links": {},
            "meta": {"timestamps": {"created_at": when, "updated_at": when}, "owner": "organization"},
        }
        for code, places, enabled, _ in CURRENCIES
    ]
