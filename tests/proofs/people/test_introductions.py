"""Whoever is known to the store is introduced before anything is said of what they do."""

from collections.abc import Iterator
from random import Random

import pytest
from pipeline import SETTINGS, Pipeline, pipeline
from proofs.books import check_arrivals, check_books
from proofs.people.shoppers import purchase, sync

from commerce_events.domain.errors import TransientError
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox import faults
from commerce_events.sandbox.activity import move_on
from commerce_events.sources.elasticpath.paging import Limits

TROUBLE = faults.retryable(stall=0.01, retry_after=1)
IDENTITY = {**SETTINGS["stores"]["main"]["identity"], "customer_anonymous_id_field": "session_id"}
BOTH = ["customers", "account_members"]


@pytest.fixture(params=[["account_members"], BOTH], ids="+".join)
def line(request: pytest.FixtureRequest, ledger: Ledger) -> Iterator[Pipeline]:
    """A store of many years, met for the first time, in small pages and parcels."""
    with pipeline(ledger, orders=36, seed=2, people=request.param, identity=IDENTITY) as opened:
        opened.paging, opened.parcel = Limits(page=10), 5
        yield opened


def on_record(line: Pipeline) -> set[str]:
    """Whom the store could have introduced."""
    streams = line.settings.stores["main"].people
    listed = {"customers": line.shop.customer_ids, "account_members": line.shop.account_member_ids}
    return {person for stream in streams for person in listed[stream]()}


def unannounced(line: Pipeline) -> set[str]:
    """Who was on record, and was told of before any identify with traits, in order of arrival."""
    announced: set[str] = set()
    early: set[str] = set()
    for one in line.segment.received():
        message = one.message
        if message["type"] == "identify" and message["traits"]:
            announced.add(message["userId"])
        elif message.get("userId") not in announced:
            early.add(message.get("userId"))
    return early & on_record(line)


def buyers(line: Pipeline) -> set[str]:
    return {message["userId"] for message in line.messages("Checkout Started") if "userId" in message}


def test_everybody_is_introduced_before_they_do_anything_from_the_first_run_on(line):
    sync(line, "orders")

    assert unannounced(line) == set()
    assert len(buyers(line) & on_record(line)) >= 2
    check_books(line.ledger)


def test_whoever_the_list_of_people_has_not_brought_yet_is_introduced_with_their_order(line):
    sync(line)
    before = buyers(line)
    for kind in ("customer", "account", "customer", "account"):
        purchase(line.shop, kind)
    move_on(line.shop, Random(4), 40)

    sync(line, "orders")

    assert unannounced(line) == set()
    assert len((buyers(line) - before) & on_record(line)) >= 2
    check_books(line.ledger)


def test_an_interrupted_run_introduces_nobody_too_late(line):
    for stand_in, seed in ((line.shop, 1), (line.segment, 2)):
        stand_in.faults.mix(0.2, seed, TROUBLE)

    for _ in range(40):
        try:
            sync(line, "orders")
        except TransientError:
            continue
        if not line.ledger.reports.pending("segment"):
            break

    assert unannounced(line) == set()
    assert len(buyers(line) & on_record(line)) >= 2
    check_books(line.ledger)
    check_arrivals(line)
