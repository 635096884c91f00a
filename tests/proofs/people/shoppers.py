"""Stores with people in them, as tests of several streams drive them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

import requests
from pipeline import SETTINGS, Pipeline
from proofs.people.profiles import Profiles

from commerce_events.config import settings_of
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.catalogue import Person
from commerce_events.sandbox.segment import DEFAULT_KEY, SegmentStandIn
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.steps.capture import capture_changes

NUMBERS = count()


def sync(line: Pipeline, *streams: str, name: str = "main") -> Counter[str]:
    """What the schedule does of one store: the people it is set to read, its orders, and all is sent."""
    outcome: Counter[str] = Counter()
    for stream in streams or (*line.settings.stores[name].people, "orders"):
        outcome += capture_changes(line.store(name), stream)
    return outcome + line.deliver()


@contextmanager
def stores(
    ledger: Ledger, destinations: dict[str, Any] | None = None, **changes: dict[str, Any]
) -> Iterator[dict[str, Pipeline]]:
    """One pipeline for each store, by its name; they share the ledger and Segment. All are empty at first."""
    usual = SETTINGS["stores"]["main"]
    space = str(usual["namespace"])
    raw = {
        name: {**usual, "namespace": space[:-1] + str(place), "people": ["customers"], **own}
        for place, (name, own) in enumerate(changes.items())
    }
    configured = settings_of({"stores": raw, "destinations": destinations or {"segment": {}}})
    with ExitStack() as opened:
        segment = opened.enter_context(SegmentStandIn())
        shops = [
            opened.enter_context(ElasticPathStandIn(seed=place, orders=0)) for place, _ in enumerate(raw)
        ]
        yield {
            name: Pipeline(ledger, shop, segment, configured) for name, shop in zip(raw, shops, strict=True)
        }


def browse(segment: SegmentStandIn, anonymous_id: str, *events: str, **call: Any) -> None:
    """The storefront's own messages, straight from the browser; with `traits`, an identify behind them."""
    calls = [{"type": "track", "event": event, "properties": {}} for event in events]
    if "traits" in call:
        calls.append({"type": "identify", **call})
    batch = [
        {
            **one,
            "anonymousId": anonymous_id,
            "messageId": f"browser-{next(NUMBERS)}",
            "timestamp": "2026-01-01T00:00:00.000Z",
        }
        for one in calls
    ]
    told = {"batch": batch, "writeKey": DEFAULT_KEY}
    assert requests.post(f"{segment.url}/v1/batch", json=told, timeout=5).ok


def session(browser: str) -> dict[str, Any]:
    """Where the storefront keeps the browser's id on an order."""
    return {"custom_attributes": {"session_id": {"type": "string", "value": browser}}}


def purchase(shop: ElasticPathStandIn, buyer: str | Person, **fields: Any) -> str:
    """An order, paid a while after it was placed."""
    order = shop.place_order(buyer=buyer, **{"custom_attributes": {}, **fields})
    shop.advance(60)
    shop.pay(order)
    return order


def spelled(person: Person, email: str) -> Person:
    """The same person, who typed their address in another way."""
    return replace(person, email=email)


def profiles(line: Pipeline) -> Profiles:
    assert set(line.segment.drops) <= {"duplicate"}
    return Profiles.of(line.segment.received())
