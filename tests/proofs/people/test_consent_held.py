"""Nobody is told of where they did not agree to it, and everywhere else it is told what they agreed to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pipeline import Pipeline
from proofs.books import check_books, deliveries
from proofs.people.profiles import Profiles
from proofs.people.shoppers import purchase, session, stores

from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.deliver import deliver

DESTINATIONS = {"segment": {}, "ads": {"needs_consent": ["marketing"]}}
STORE = {
    "destinations": ["segment", "ads"],
    "consent": {"field": "marketing_consent"},
    "traits": {"computed": True},
}


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Pipeline]:
    with stores(ledger, DESTINATIONS, main=STORE) as opened:
        yield opened["main"]


@pytest.fixture
def strict_line(ledger: Ledger) -> Iterator[Pipeline]:
    """Whoever said nothing agreed to nothing."""
    asked = {"field": "marketing_consent", "default": "none"}
    with stores(ledger, DESTINATIONS, main={**STORE, "consent": asked}) as opened:
        yield opened["main"]


def sync(line: Pipeline) -> None:
    line.shop.advance(60)
    for stream in ("customers", "orders"):
        capture_changes(line.store(), stream)
    ends = [line.destination(name) for name in DESTINATIONS]
    deliver(line.ledger, ends, budget=timedelta(minutes=9), clock=line.clock.clock())
    check_books(line.ledger)


def ends(line: Pipeline) -> dict[str, Counter[tuple[str, str | None]]]:
    """What became of the messages, by destination."""
    counts: dict[str, Counter[tuple[str, str | None]]] = {name: Counter() for name in DESTINATIONS}
    for row in deliveries(line.ledger):
        counts[row.destination][row.status, row.reason] += 1
    return counts


def told(line: Pipeline, destination: str) -> list[dict[str, Any]]:
    """What one destination accepted, in the order recorded."""
    rows = sorted(deliveries(line.ledger), key=lambda row: row.seq)
    mine = [row for row in rows if (row.destination, row.status) == (destination, "accepted")]
    return [orjson.loads(row.body) for row in mine]


def profiles(line: Pipeline, destination: str) -> Profiles:
    known = Profiles()
    for message in told(line, destination):
        known.take(message)
    return known


def consents(line: Pipeline, destination: str = "segment") -> list[Any]:
    """What each message says of consent; None for nothing."""
    said = [message["context"].get("consent") for message in told(line, destination)]
    return [one and one["categoryPreferences"] for one in said]


def test_who_agreed_is_told_of_everywhere(line):
    purchase(line.shop, line.shop.add_customer(marketing_consent=True), **session("browser-1"))

    sync(line)

    assert set(ends(line)["ads"]) == set(ends(line)["segment"]) == {("accepted", None)}
    assert all(said == {"marketing": True} for said in consents(line, "ads"))


def test_who_did_not_agree_is_told_of_only_where_nobody_has_to(line):
    """Their orders, links and sums as well: all of it says who they are."""
    purchase(line.shop, line.shop.add_customer(marketing_consent=False), **session("browser-1"))

    sync(line)

    counts = ends(line)
    assert set(counts["ads"]) == {("filtered", "no_consent")}
    assert set(counts["segment"]) == {("accepted", None)}
    assert counts["segment"].total() == counts["ads"].total() == 5
    assert all(said == {"marketing": False} for said in consents(line))


def test_who_forgets_to_log_in_has_not_changed_their_mind(line):
    person = line.shop.stranger("guest")
    line.shop.add_customer(person, marketing_consent=False)
    purchase(line.shop, replace(person, email=person.email.upper()))

    sync(line)

    assert set(ends(line)["ads"]) == {("filtered", "no_consent")}


def test_who_was_never_asked_is_told_of_everywhere_and_nothing_is_said_for_them(line):
    purchase(line.shop, line.shop.add_customer(marketing_consent=None))
    purchase(line.shop, "guest")

    sync(line)

    assert set(ends(line)["ads"]) == {("accepted", None)}
    assert set(map(str, consents(line))) == {"None"}


def test_silence_may_be_a_refusal(strict_line):
    purchase(strict_line.shop, strict_line.shop.add_customer(marketing_consent=None))
    purchase(strict_line.shop, "guest")

    sync(strict_line)

    assert set(ends(strict_line)["ads"]) == {("filtered", "no_consent")}
    assert set(ends(strict_line)["segment"]) == {("accepted", None)}
    assert all(said == {} for said in consents(strict_line))


def test_a_change_of_mind_holds_from_then_on(line):
    customer = line.shop.add_customer(marketing_consent=True)
    sync(line)
    before = len(told(line, "ads"))
    line.shop.edit_customer(customer, marketing_consent=False)
    purchase(line.shop, customer)

    sync(line)

    assert len(told(line, "ads")) == before
    assert consents(line)[-1] == {"marketing": False}


@pytest.mark.parametrize("before", [False, None])
def test_who_agrees_late_is_introduced_late_and_whole(ledger, before):
    """What was held back is made good by what is true now: nobody stays a stranger there."""
    asked = {"field": "marketing_consent", "default": "none"}
    with stores(ledger, DESTINATIONS, main={**STORE, "consent": asked}) as opened:
        line = opened["main"]
        customer = line.shop.add_customer(
            name="Ada Quill", email="ada@shop.example", marketing_consent=before
        )
        purchase(line.shop, customer, **session("browser-1"))
        sync(line)
        assert told(line, "ads") == []

        line.shop.edit_customer(customer, marketing_consent=True)
        sync(line)

        profile = profiles(line, "ads").user(customer)
        assert (profile.traits["name"], profile.traits["email"]) == ("Ada Quill", "ada@shop.example")
        assert profile.traits["total_orders"] == 1
        assert ("anonymous", "browser-1") in profile.ids
        assert profile.traits == profiles(line, "segment").user(customer).traits


def test_an_old_order_does_not_give_consent_again(ledger):
    """It said yes when it was placed; that it is changed today does not make it say so today."""
    asked = {"consent": {"field": "custom_attributes.marketing"}}
    with stores(ledger, DESTINATIONS, main={**STORE, **asked}) as opened:
        line = opened["main"]
        person = line.shop.stranger("customer")
        saying = {
            word: {"custom_attributes": {"marketing": {"type": "boolean", "value": word}}}
            for word in (True, False)
        }
        old = purchase(line.shop, person, **saying[True])
        sync(line)
        purchase(line.shop, person, **saying[False])
        sync(line)
        line.shop.touch(old)
        sync(line)

        (agreed,) = line.ledger.people.consents("main", [str(person.customer_id)]).values()
        assert agreed.consent == {"marketing": False}


def test_what_was_withdrawn_holds_for_what_happens_to_older_orders(ledger):
    asked = {"consent": {"field": "custom_attributes.marketing"}}
    yes, no = (
        {"custom_attributes": {"marketing": {"type": "boolean", "value": said}}} for said in (True, False)
    )
    with stores(ledger, DESTINATIONS, main={**STORE, **asked}) as opened:
        line = opened["main"]
        customer = line.shop.add_customer(**yes)
        old = purchase(line.shop, customer, **yes)
        sync(line)
        line.shop.edit_customer(customer, **no)
        sync(line)
        before = len(told(line, "ads"))

        line.shop.refund(old, 5)
        sync(line)

        assert told(line, "ads")[before:] == []
        assert consents(line)[-1] == {"marketing": False}
