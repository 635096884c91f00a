"""Seeded orders in every state an order can be in, each led there by the same life as later ones."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from commerce_events.sandbox import life
from commerce_events.sandbox.carts import fill
from commerce_events.sandbox.catalogue import ENABLED, Person, Product
from commerce_events.sandbox.orders import Held, check_out

# Each path ends in another combination of status, payment and shipping, or reaches one another way.
PATHS: tuple[tuple[str, ...], ...] = (
    (),
    ("pay",),
    ("authorise", "pay", "fulfil"),
    ("pay", "refund"),
    ("authorise",),
    ("cancel",),
    ("pay", "fulfil", "refund"),
    ("pay", "refund_part"),
    ("pay_part",),
    ("authorise_part",),
    ("pay", "cancel"),
    ("authorise", "cancel"),
    ("pay_part", "cancel"),
    ("authorise_part", "cancel"),
    ("pay", "cancel", "refund"),
    ("pay", "fulfil", "anonymise"),
    ("pay_part", "pay", "refund_part"),
    ("fail", "pay", "refund_part", "refund_part", "refund"),
    ("authorise_part", "authorise", "pay", "fulfil", "refund_part"),
    ("cancel", "anonymise"),
    ("cancel", "reopen", "pay"),
    ("pay", "fulfil"),
)
DAYS = 60


def seeded_orders(
    dice: Random, count: int, products: tuple[Product, ...], people: tuple[Person, ...], now: datetime
) -> Iterator[Held]:
    """Spread over the last weeks, oldest first; several in the same second now and then."""
    at = now - timedelta(days=DAYS)
    pause = timedelta(days=DAYS) / max(1, count)
    for number in range(count):
        if number % 9 > 2:  # three of nine share the second of the one before
            at = (now - timedelta(days=DAYS) + pause * number).replace(microsecond=0)
        person = people[dice.randrange(len(people))]
        cart = fill(dice, products, ENABLED[dice.choice((0, 0, 0, 1, 2, 3))])
        held = check_out(dice, cart, person, at, old=number < count // 10)
        live(dice, held, PATHS[number % len(PATHS)], at, now)
        yield held


def live(dice: Random, held: Held, path: tuple[str, ...], at: datetime, now: datetime) -> None:
    if held.total < 4:  # too little to split, authorise or give back
        path = tuple(step for step in path if step in ("pay", "cancel"))
    for step in path:
        at = min(now, at + timedelta(seconds=dice.choice((0, 40, 3_600, 90_000))))
        take(dice, held, step, at)


def take(dice: Random, held: Held, step: str, at: datetime) -> None:
    """One step of a life by its name; raises `ValueError` where the store would refuse."""
    part = max(1, held.total // 4)
    match step:
        case "authorise":
            life.authorise(dice, held, at)
        case "authorise_part":
            life.authorise(dice, held, at, part)
        case "pay":
            life.pay(dice, held, at)
        case "pay_part":
            life.pay(dice, held, at, part)
        case "fail":
            life.fail_payment(dice, held, at)
        case "fulfil":
            life.fulfil(held, at)
        case "refund":
            life.refund(held, at)
        case "refund_part":
            life.refund(held, at, part)
        case "cancel":
            life.cancel(held, at)
        case "reopen":
            life.reopen(held, at)
        case "anonymise":
            life.anonymise(held, at)
        case "edit":
            life.edit(held, at, shipping_address={"instructions": f"Ring {dice.randrange(1, 9)} times"})
        case "touch":
            life.touch(held, at)
        case _:
            raise ValueError(f"unknown step {step}")
