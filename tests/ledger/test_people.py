"""People behind the records: exact totals whatever the order of arrival, links and conflicts told apart."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orders import CREATED, look, order

from commerce_events.domain.deliveries import Door
from commerce_events.domain.identity import IdentityPolicy, identify
from commerce_events.domain.lifecycle import judge
from commerce_events.domain.people import computed_traits, trace
from commerce_events.domain.records import Buyer, Record
from commerce_events.domain.states import Policy
from commerce_events.ledger.entries import Entry
from commerce_events.ledger.ledger import Ledger

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = b"key"
POLICY = IdentityPolicy()
EXAMPLES = count()


def record(ledger: Ledger, *records: Record) -> None:
    """Record looks as a capture does, in one page."""
    seen = ledger.records.states("main", "orders", [each.id for each in records])
    entries = []
    for each in records:
        known = seen.get(each.id)
        state = judge(each, known.state if known else None, Policy(start=CREATED)).state
        person = identify(each, POLICY, KEY).person
        entries.append(Entry(each, known, state, person, (), trace=trace(each, POLICY, KEY)))
    ledger.records.record(entries, door=Door.POLL, now=NOW, run=None, step=None)


def paid(
    number: int = 1, amount: int = 1000, buyer: Buyer | None = None, hours: float = 0, **changes: object
) -> Record:
    bought = order(payment="paid", status="complete", total=amount, buyer=buyer or Buyer(customer_id="ann"))
    return look(replace(bought, **changes), record_id=f"order-{number}", hours=hours)


def test_a_person_is_behind_until_their_change_is_worked_out(ledger):
    record(ledger, paid())
    [behind] = ledger.people.behind("main", 10)

    record(ledger, paid(number=2))
    ledger.people.catch_up("main", [behind])

    [still] = ledger.people.behind("main", 10)
    assert still.changes > behind.changes
    ledger.people.catch_up("main", [still])
    assert ledger.people.behind("main", 10) == []


def test_refunds_and_cancellations_lower_the_totals(ledger):
    record(ledger, paid(1), paid(2, amount=500), paid(3, amount=700), paid(4, amount=900))
    record(
        ledger,
        paid(2, amount=500, refunded=200, hours=1),
        paid(3, amount=700, status="cancelled", hours=1),
        paid(4, amount=900, payment="refunded", refunded=900, hours=1),
    )

    totals = ledger.people.totals("main", ["ann"], linked=True)["ann"]

    assert (totals.orders, totals.spent) == (2, {"USD": (1300, 2, 2)})


def test_whoever_never_ordered_has_no_totals_rather_than_zero(ledger):
    record(ledger, paid(1, status="cancelled"))

    totals = ledger.people.totals("main", ["ann", "bob"], linked=True)

    assert {who: found.orders for who, found in totals.items()} == {"ann": 0}


def test_currencies_are_never_added_up(ledger):
    record(ledger, paid(1, amount=1000), paid(2, amount=500, currency="JPY", exponent=0))

    traits = computed_traits(ledger.people.totals("main", ["ann"], linked=True)["ann"])

    assert traits["total_spent"] == {"JPY": 500, "USD": 10}
    assert traits["average_order_value"] == {"JPY": 500, "USD": 10}


@pytest.mark.parametrize("guest_first", [True, False])
def test_orders_as_a_guest_count_once_the_address_is_a_customers(ledger, guest_first):
    guest = paid(1, amount=300, buyer=Buyer(email="Ann@Shop.example"))
    customer = paid(2, amount=1000, buyer=Buyer(customer_id="ann", email="ann@shop.example"))

    for each in [guest, customer] if guest_first else [customer, guest]:
        record(ledger, each)

    assert ledger.people.totals("main", ["ann"], linked=True)["ann"].spent == {"USD": (1300, 2, 2)}
    assert ledger.people.totals("main", ["ann"], linked=False)["ann"].spent == {"USD": (1000, 2, 1)}
    assert [behind.person for behind in ledger.people.behind("main", 10)] == ["ann"]
    assert ledger.people.conflicts() == []


def test_two_customers_with_one_address_are_a_conflict_and_stay_two(ledger):
    record(ledger, paid(1, buyer=Buyer(customer_id="ann", email="us@shop.example")))
    record(ledger, paid(2, buyer=Buyer(customer_id="bob", email="us@shop.example")))

    assert ledger.people.conflicts() == [("main", "email", "ann", "bob")]
    assert ledger.people.totals("main", ["bob"], linked=True)["bob"].orders == 1


def test_the_address_is_that_of_the_latest_order_whatever_came_last(ledger):
    late = replace(paid(2, shipping_address={"city": "Leeds"}), created_at=CREATED + timedelta(days=9))
    early = paid(1, shipping_address={"city": "York"})

    record(ledger, late)
    record(ledger, early)

    [behind] = ledger.people.behind("main", 10)
    assert behind.address == {"city": "Leeds"}


def test_consent_is_the_last_one_given(ledger):
    record(ledger, paid(1, consent={"ads": True}))
    record(ledger, paid(2))
    record(ledger, paid(1, consent={"ads": False}, hours=1))

    (agreed,) = ledger.people.consents("main", ["ann", "nobody"]).values()
    assert agreed.consent == {"ads": False}


LOOKS = st.lists(
    st.tuples(
        st.integers(1, 5),  # which order
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(["unpaid", "paid", "refunded"]),
        st.sampled_from(["complete", "cancelled"]),
        st.integers(0, 900),  # refunded
    ),
    min_size=1,
    max_size=14,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(LOOKS, st.data())
def test_totals_are_those_of_the_orders_as_they_stand(ledger, looks, data):
    """Whatever comes repeated, late or in pages of any size."""
    suffix = next(EXAMPLES)  # one database serves all examples
    last: dict[int, Record] = {}
    owner = {number: f"{who}-{suffix}" for number, who, *_ in reversed(looks)}
    pages: list[list[Record]] = []
    for hour, (number, _, payment, status, refunded) in enumerate(looks):
        buyer = Buyer(customer_id=owner[number])
        amounts = {"refunded": refunded, "payment": payment, "status": status}
        seen = replace(paid(number, buyer=buyer, hours=hour, **amounts), id=f"{number}-{suffix}")
        last[number] = seen
        pages.append([seen])
    late = data.draw(st.permutations(pages))

    for page in [*pages, *late]:
        fresh = [each for each in page if each.updated_at >= _known(ledger, each)]
        record(ledger, *fresh)

    for who in set(owner.values()):
        totals = ledger.people.totals("main", [who], linked=True)[who]
        assert totals.spent == _expected([each for number, each in last.items() if owner[number] == who])


def _known(ledger: Ledger, each: Record) -> datetime:
    seen = ledger.records.states("main", "orders", [each.id]).get(each.id)
    return seen.state.updated_at if seen else CREATED - timedelta(days=1)


def _expected(orders: Sequence[Record]) -> dict[str, tuple[int, int, int]]:
    """By hand: what was paid and neither cancelled nor refunded in full, less what was refunded."""
    kept = [o.order for o in orders if o.order.payment == "paid" and o.order.status == "complete"]
    return {"USD": (sum(o.total - (o.refunded or 0) for o in kept), 2, len(kept))}
