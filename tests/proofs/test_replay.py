"""A thousand messages that waited for a mended contract are sent: exactly those, once, and in order."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from pipeline import INCLUDE, Pipeline, pipeline
from proofs.books import check_books

from commerce_events.contracts.contracts import Contracts
from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import Kind
from commerce_events.ledger.waiting import Choice
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.render import Receiver, Renderer
from commerce_events.steps.replay import replay
from commerce_events.templates.library import Templates

WAITING = 1_000
COMPLETED = Choice((Status.QUARANTINED,), kind=Kind.ORDER_COMPLETED)


@pytest.fixture
def too_strict(tmp_path: Path) -> Contracts:
    """Somebody asked every order for its salesperson."""
    folder = shutil.copytree(INCLUDE / "contracts" / "segment", tmp_path / "contracts")
    file = folder / "order_completed.schema.json"
    contract = json.loads(file.read_text())
    contract["allOf"].append({"properties": {"properties": {"required": ["salesperson"]}}})
    file.write_text(json.dumps(contract))
    return Contracts.load(folder)


def test_a_thousand_are_replayed_exactly_once(ledger, too_strict):
    with pipeline(ledger, transactions="never") as line:
        for _ in range(WAITING):
            line.shop.pay(line.shop.place_order(buyer="customer"))
        store = line.store()
        strict = replace(store.renderer, receivers={"segment": Receiver(too_strict)})
        capture_changes(replace(store, renderer=strict), "orders")
        line.deliver()
        left_alone = line.segment.unique().keys()
        assert line.statuses() == {"quarantined": WAITING, "accepted": WAITING}

        mended = {"main": store.renderer}
        look = replay(ledger, mended, COMPLETED, dry_run=True, clock=line.clock.now)
        first = replay(ledger, mended, COMPLETED, dry_run=False, clock=line.clock.now)
        second = replay(ledger, mended, COMPLETED, dry_run=False, clock=line.clock.now)
        line.deliver()

        assert (look, first, second) == ({"pending": WAITING}, {"pending": WAITING}, {})
        sent = [one for key, one in line.segment.unique().items() if key not in left_alone]
        assert Counter(one["event"] for one in sent) == {"Order Completed": WAITING}
        assert {one["properties"]["order_id"] for one in sent} == set(line.shop.order_ids())
        assert line.segment.inbox.duplicates() == 0
        assert line.statuses() == {"accepted": 2 * WAITING}


def test_a_replayed_message_takes_its_old_place_before_what_was_told_later(ledger, too_strict):
    """The refund of a waiting order is held back by an outage; replayed, the order is sent before it."""
    with pipeline(ledger) as line:
        order = line.shop.place_order(buyer="customer")
        line.shop.pay(order)
        store = line.store()
        strict = replace(store.renderer, receivers={"segment": Receiver(too_strict)})
        capture_changes(replace(store, renderer=strict), "orders")
        line.deliver()
        line.shop.refund(order)
        line.capture()

        replay(ledger, {"main": store.renderer}, COMPLETED, dry_run=False, clock=line.clock.now)
        line.deliver()

        told = [one["event"] for one in line.messages()]
        assert told == ["Checkout Started", "Order Completed", "Order Refunded"]


def renderer(line: Pipeline, folder: Path, source: str) -> Renderer:
    """The store's, with another template for completed orders; `...` in it is the one that is shipped."""
    copied = shutil.copytree(INCLUDE / "templates", folder)
    store = line.settings.stores["main"]
    names = {kind: store.tracking(kind).template for kind in Kind}
    file = copied / names[Kind.ORDER_COMPLETED]
    file.write_text(source.replace("...", f"({file.read_text()})"))
    return replace(line.store().renderer, templates=Templates.load(copied, list(names.values())))


def test_a_template_that_failed_and_makes_two_calls_once_mended_is_told_whole(ledger, tmp_path):
    with pipeline(ledger) as line:
        failing = renderer(line, tmp_path / "failing", '$error("not yet")')
        mended = renderer(line, tmp_path / "mended", '[..., {"type": "identify", "traits": {"title": "Dr"}}]')
        line.shop.pay(line.shop.place_order(buyer="customer"))
        capture_changes(replace(line.store(), renderer=failing), "orders")
        assert line.statuses() == {"pending": 1, "quarantined": 1}

        for _ in range(2):
            replay(ledger, {"main": mended}, COMPLETED, dry_run=False, clock=line.clock.now)
            line.deliver()
            capture_changes(replace(line.store(), renderer=mended), "orders")

        assert [one.get("event") or one["type"] for one in line.messages()] == [
            "Checkout Started",
            "Order Completed",
            "identify",
        ]
        assert line.statuses() == {"accepted": 3}
        check_books(ledger)
