"""Which facts a look at an order implies: the table of the design, row by row, then its promises at large."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orders import CREATED, START, look, order

from commerce_events.domain.facts import ONCE, Kind, Reason, Refund
from commerce_events.domain.lifecycle import judge
from commerce_events.domain.records import Order, Record
from commerce_events.domain.states import Judgement, Policy, State, is_news

POLICY = Policy(start=START)
PAID = order(status="complete", payment="paid", paid_at=CREATED + timedelta(hours=1))
REFUNDED = replace(PAID, payment="refunded", refunded=1000, refunded_at=CREATED + timedelta(days=2))
CANCELLED = order(status="cancelled")


def kinds(judgement: Judgement) -> list[str]:
    return [str(fact.kind) for fact in judgement.facts if fact.filtered is None]


def reasons(judgement: Judgement) -> dict[str, Reason]:
    return {str(fact.kind): fact.filtered for fact in judgement.facts if fact.filtered is not None}


def lives(*orders: Order, policy: Policy = POLICY) -> list[Judgement]:
    """Judge looks an hour apart, each against the state the one before left."""
    state: State | None = None
    judgements = []
    for hour, each in enumerate(orders):
        judgements.append(judge(look(each, hours=hour), state, policy))
        state = judgements[-1].state
    return judgements


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (order(), ["checkout_started"]),
        (order(payment="authorized", status="processing"), ["checkout_started"]),
        (order(payment="partially_paid"), ["checkout_started"]),
        (PAID, ["checkout_started", "order_completed"]),
        (REFUNDED, ["checkout_started", "order_completed", "order_refunded"]),
        (
            replace(PAID, refunded=300, refunded_at=CREATED),
            ["checkout_started", "order_completed", "order_refunded"],
        ),
        (CANCELLED, ["checkout_started", "order_cancelled"]),
        (replace(PAID, status="cancelled"), ["checkout_started", "order_completed", "order_cancelled"]),
        (
            replace(REFUNDED, status="cancelled"),
            ["checkout_started", "order_completed", "order_refunded", "order_cancelled"],
        ),
    ],
)
def test_a_first_sight_tells_the_whole_implied_life_in_order(seen, told):
    assert kinds(judge(look(seen), None, POLICY)) == told


@pytest.mark.parametrize(
    ("trigger", "seen", "completed"),
    [
        ("order.paid", PAID, True),
        ("order.paid", order(payment="authorized"), False),
        ("order.authorized", order(payment="authorized"), True),
        ("order.authorized", PAID, True),
        ("order.authorized", order(payment="partially_authorized"), False),
        ("order.fulfilled", PAID, False),
        ("order.fulfilled", replace(PAID, shipping="fulfilled"), True),
        ("order.fulfilled", REFUNDED, False),
    ],
)
def test_a_trigger_counts_at_its_state_or_later(trigger, seen, completed):
    policy = replace(POLICY, completed_trigger=trigger)

    assert ("order_completed" in kinds(judge(look(seen), None, policy))) is completed


def test_checkout_can_wait_for_the_authorisation():
    policy = replace(POLICY, checkout_trigger="order.authorized")

    first, second = lives(order(), order(payment="authorized", status="processing"), policy=policy)

    assert (kinds(first), kinds(second)) == ([], ["checkout_started"])


def test_facts_carry_the_best_known_time():
    completed = judge(look(PAID, hours=5), None, POLICY).facts[1]
    without_time = judge(look(replace(PAID, paid_at=None), hours=5), None, POLICY).facts[1]

    assert completed.occurred_at == CREATED + timedelta(hours=1)
    assert without_time.occurred_at == CREATED + timedelta(hours=5)


def test_each_refund_tells_what_it_adds_and_the_total_so_far():
    part, more = (replace(PAID, refunded=amount, refunded_at=CREATED) for amount in (300, 450))

    looks = lives(PAID, part, more, REFUNDED)

    refunds = [(f.refund.amount, f.refund.total, f.revision) for j in looks for f in j.facts if f.refund]
    assert refunds == [(300, 300, "300"), (150, 450, "450"), (550, 1000, "1000")]


def test_an_order_marked_as_refunded_without_amounts_was_refunded_in_full():
    marked = replace(PAID, payment="refunded", refunded=None)

    refund = judge(look(marked), None, POLICY).facts[-1].refund

    assert refund is not None
    assert (refund.amount, refund.total) == (1000, 1000)


def test_a_falling_refund_is_filtered_and_the_high_water_mark_stays():
    high, low = (replace(PAID, refunded=amount, refunded_at=CREATED) for amount in (600, 200))

    fell, again = lives(high, low, high)[1:]

    assert reasons(fell) == {"order_refunded": Reason.REFUND_FELL}
    assert fell.state.refunded == 600
    assert again.facts == ()


def test_switched_off_partial_refunds_are_told_with_the_full_one():
    policy = replace(POLICY, partial_refunds=False)

    part, full = lives(PAID, replace(PAID, refunded=300), REFUNDED, policy=policy)[1:]

    assert reasons(part) == {"order_refunded": Reason.PARTIAL_REFUND}
    assert full.facts[0].refund is not None
    assert full.facts[0].refund.amount == 1000


def test_reopened_and_cancelled_again_is_one_cancellation():
    told = [kinds(j) for j in lives(order(), CANCELLED, order(), CANCELLED)]

    assert sum("order_cancelled" in each for each in told) == 1


def test_a_change_that_no_other_fact_tells_is_an_update():
    moved = replace(
        PAID, shipping_address={"city": "Leeds"}, watched={**PAID.watched, "addresses": "in Leeds"}
    )

    update = lives(PAID, moved)[1].facts[0]

    assert (update.kind, update.changed) == (Kind.ORDER_UPDATED, ("addresses",))


def test_a_payment_that_completes_the_order_is_no_update_too():
    assert kinds(lives(order(), PAID)[1]) == ["order_completed"]


def test_every_change_is_an_update_where_a_store_asks_for_it():
    policy = replace(POLICY, every_update=True)

    assert kinds(lives(order(), PAID, policy=policy)[1]) == ["order_completed", "order_updated"]


def test_there_and_back_again_are_two_updates():
    away = order(watched={**order().watched, "addresses": "in Leeds"})

    updates = [fact for j in lives(order(), away, order())[1:] for fact in j.facts]

    assert [fact.kind for fact in updates] == [Kind.ORDER_UPDATED] * 2
    assert updates[0].revision != updates[1].revision


def test_an_unwatched_group_makes_no_update():
    policy = replace(POLICY, watch=frozenset({"lines"}))
    away = order(watched={**order().watched, "addresses": "in Leeds"})

    assert lives(order(), away, policy=policy)[1].facts == ()


def test_a_group_that_a_newer_version_began_to_watch_is_no_change():
    known = order(watched={"status": order().watched["status"]})

    assert lives(known, order())[1].facts == ()


def test_the_erasure_itself_is_no_update():
    erased = replace(order(anonymised=True), watched={"customer": "**"})

    assert reasons(lives(order(watched={"customer": "Ann"}), erased)[1]) == {
        "order_updated": Reason.ANONYMISED
    }


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        # created long before the start, paid after it: only the payment is ours to tell
        (replace(PAID, paid_at=START + timedelta(days=1)), {"checkout_started": Reason.BEFORE_START}),
        # cancelled at an unknown time, which may lie before the start
        (CANCELLED, {"checkout_started": Reason.BEFORE_START, "order_cancelled": Reason.UNKNOWN_TIME}),
        (
            replace(PAID, paid_at=None),
            {"checkout_started": Reason.BEFORE_START, "order_completed": Reason.UNKNOWN_TIME},
        ),
        (
            replace(REFUNDED, paid_at=START - timedelta(days=9), refunded_at=START + timedelta(days=9)),
            {"checkout_started": Reason.BEFORE_START, "order_completed": Reason.BEFORE_START},
        ),
        (
            replace(REFUNDED, paid_at=START - timedelta(days=9), refunded_at=None),
            {
                "checkout_started": Reason.BEFORE_START,
                "order_completed": Reason.BEFORE_START,
                "order_refunded": Reason.UNKNOWN_TIME,
            },
        ),
    ],
)
def test_a_first_sight_judges_each_fact_by_its_own_time(seen, expected):
    old = look(seen, created=START - timedelta(days=30), hours=24 * 60)

    assert reasons(judge(old, None, POLICY)) == expected


def test_a_cancellation_seen_to_happen_is_told_even_of_an_old_order():
    created = START - timedelta(days=30)
    before = judge(look(order(), created=created, hours=24 * 31), None, POLICY)

    after = judge(look(CANCELLED, created=created, hours=24 * 60), before.state, POLICY)

    assert kinds(after) == ["order_cancelled"]


@pytest.mark.parametrize(
    ("policy", "seen", "reason"),
    [
        (replace(POLICY, disabled=frozenset({Kind.CHECKOUT_STARTED})), order(), Reason.TRACKING_OFF),
        (replace(POLICY, zero_price=False), order(total=0), Reason.ZERO_PRICE),
        (POLICY, order(test=True), Reason.TEST_ORDER),
    ],
)
def test_what_a_store_does_not_tell_is_filtered_with_the_reason(policy, seen, reason):
    assert reasons(judge(look(seen), None, policy)) == {"checkout_started": reason}


def test_test_orders_are_told_where_a_store_says_so():
    assert kinds(judge(look(order(test=True)), None, replace(POLICY, test_orders=True))) == [
        "checkout_started"
    ]


# At large: any life, looked at however often and in whatever order.

ORDERS = st.builds(
    lambda status, payment, shipping, refunded, city: order(
        status=status,
        payment=payment,
        shipping=shipping,
        refunded=refunded,
        watched={"status": status, "payment": payment, "shipping": shipping, "addresses": city},
    ),
    st.sampled_from(["incomplete", "processing", "complete", "cancelled"]),
    st.sampled_from(["unpaid", "partially_paid", "authorized", "paid", "refunded"]),
    st.sampled_from(["unfulfilled", "fulfilled"]),
    st.none() | st.integers(0, 1000),
    st.sampled_from(["York", "Leeds"]),
)
POLICIES = st.builds(
    Policy,
    start=st.just(START),
    checkout_trigger=st.sampled_from(["order.created", "order.authorized"]),
    completed_trigger=st.sampled_from(["order.paid", "order.authorized", "order.fulfilled"]),
    every_update=st.booleans(),
    partial_refunds=st.booleans(),
)


def judged(records: list[Record], policy: Policy) -> list[Judgement]:
    state: State | None = None
    found = []
    for record in records:
        found.append(judge(record, state, policy))
        state = found[-1].state
    return found


@given(st.lists(ORDERS, min_size=1, max_size=8), POLICIES)
def test_nothing_is_told_twice_and_once_facts_are_told_once(orders, policy):
    looks = [look(each, hours=hour) for hour, each in enumerate(orders)]

    facts = [fact for j in judged(looks, policy) for fact in j.facts]

    keys = [(fact.kind, fact.revision) for fact in facts if fact.filtered is not Reason.REFUND_FELL]
    assert len(keys) == len(set(keys))
    assert all(sum(fact.kind == kind for fact in facts) <= 1 for kind in ONCE)


@given(st.lists(ORDERS, min_size=1, max_size=8), POLICIES, st.randoms())
def test_looking_again_late_or_out_of_order_tells_nothing_new(orders, policy, random):
    looks = [look(each, hours=hour) for hour, each in enumerate(orders)]
    again = [*looks, *random.sample(looks, len(looks))]

    facts = [[f.kind for f in j.facts] for j in judged(again, policy)]

    assert not any(facts[len(looks) :])


@given(st.lists(ORDERS, min_size=1, max_size=8), POLICIES)
def test_refunds_add_up_to_the_highest_total_seen(orders, policy):
    looks = [look(each, hours=hour) for hour, each in enumerate(orders)]
    policy = replace(policy, partial_refunds=True)

    judgements = judged(looks, policy)

    told = [f.refund.amount for j in judgements for f in j.facts if f.refund and f.filtered is None]
    assert sum(told) == judgements[-1].state.refunded


@given(ORDERS, ORDERS, POLICIES)
def test_a_state_passed_between_two_looks_is_still_told(first, last, policy):
    """Whatever the last look implies by itself has been told by the end, seen in between or not."""
    both = judged([look(first), look(last, hours=1)], policy)
    alone = judge(look(last, hours=1), None, policy)

    told = {fact.kind for j in both for fact in j.facts}
    assert {fact.kind for fact in alone.facts if fact.kind in ONCE} <= told


def test_after_a_look_within_the_second_of_a_change_the_next_look_counts_whatever_it_shows():
    paid = order(payment="paid", refunded=300)
    first = judge(look(paid, hours=1), None, POLICY).state

    same = look(paid, hours=1)
    again = look(replace(paid, refunded=500), hours=1)
    again = replace(again, digest=first.digest)

    assert not is_news(same, first)
    assert is_news(same, replace(first, settled=False))
    assert is_news(again, first), "a refund shows by itself, where the transactions were read"
    (fact,) = judge(again, replace(first, settled=False), replace(POLICY, every_update=True)).facts
    assert fact.refund == Refund(200, 500)
