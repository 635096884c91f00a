"""Which facts a record implies, given what was last seen of it.

Nothing here knows a store, a destination or the wall clock.
"""

from dataclasses import replace
from datetime import datetime

from commerce_events.domain.customer_life import customer_facts, known_traits
from commerce_events.domain.facts import ONCE, Fact, Kind, Reason
from commerce_events.domain.order_life import order_facts, refunded_total
from commerce_events.domain.records import Order, Record
from commerce_events.domain.states import Judgement, Policy, State, concerns

_PLACES = {kind: place for place, kind in enumerate(Kind)}


def judge(record: Record, seen: State | None, policy: Policy) -> Judgement:
    """Derive the facts of one look. An older or equal look than `seen` implies nothing new.

    What a backfill leaves to the live sync is not kept as done: the live sync will find it new.
    """
    if seen is not None and not concerns(record, seen, policy):
        return Judgement(seen, ())
    if isinstance(record.subject, Order):
        facts, watched = order_facts(record, seen, policy), dict(record.subject.watched)
        refunded = max(refunded_total(record.subject) or 0, seen.refunded if seen else 0)
    else:
        facts, watched, refunded = customer_facts(record, seen, policy), known_traits(record, seen), 0
    told = [_screen(fact, record, seen, policy) for fact in facts]
    left = {fact.kind for fact in told if fact.filtered is Reason.FENCE}
    if Kind.ORDER_REFUNDED in left:
        refunded = seen.refunded if seen else 0
    done = (seen.done if seen else frozenset()) | ({fact.kind for fact in facts} & ONCE - left)
    state = State(record.updated_at, record.digest, refunded, watched, done, record.subject.anonymised)
    return Judgement(replace(state, settled=not left), tuple(sorted(told, key=place)))


def place(fact: Fact) -> int:
    """Facts of one look are told in this order."""
    return _PLACES[fact.kind]


def screened(fact: Fact, record: Record, policy: Policy) -> Fact:
    """A fact told anew, of a record that is known: whether it is told by these rules."""
    return _screen(replace(fact, filtered=None), record, None, policy)


def _screen(fact: Fact, record: Record, seen: State | None, policy: Policy) -> Fact:
    """Decide whether a fact is told. Reasons that cannot be reopened come first."""
    if fact.filtered is not None:
        return fact
    subject = record.subject
    free = isinstance(subject, Order) and subject.total == 0
    untold = {
        Reason.TEST_ORDER: subject.test and not policy.test_orders,
        Reason.ZERO_PRICE: free and not policy.zero_price,
        Reason.ADOPTED: policy.adoption is not None and policy.adoption.holds(record, _when(fact, record)),
        Reason.UNKNOWN_TIME: not fact.certain and seen is None and record.created_at < policy.start,
        Reason.TRACKING_OFF: fact.kind in policy.disabled,
        Reason.BEFORE_START: _is_past(fact, record, policy),
        Reason.FENCE: isinstance(subject, Order) and _is_lives(fact, policy),
    }
    found = next((reason for reason, holds in untold.items() if holds), None)
    return fact if found is None else replace(fact, filtered=found)


def _is_past(fact: Fact, record: Record, policy: Policy) -> bool:
    """An adoption introduces nobody: whom it does not hold is left to a backfill."""
    if policy.adoption is not None and _when(fact, record) < policy.adoption.before:
        return True
    return fact.occurred_at < policy.start


def _when(fact: Fact, record: Record) -> datetime:
    """Who somebody is has no time of its own: people are told as of the start, if they were there before."""
    return fact.occurred_at if isinstance(record.subject, Order) else record.updated_at


def _is_lives(fact: Fact, policy: Policy) -> bool:
    """People are left out: who they are goes before what they bought, and is no event of its own time."""
    return policy.live is not None and fact.occurred_at >= policy.live.fence
