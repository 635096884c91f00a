"""What of a record's past may be told after all, as of now."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from commerce_events.domain.customer_life import known_traits
from commerce_events.domain.facts import Fact, Kind, Reason, Refund
from commerce_events.domain.lifecycle import screened
from commerce_events.domain.records import Order, Record
from commerce_events.domain.states import Policy, fact_of

UPDATES = frozenset({Kind.ORDER_UPDATED, Kind.CUSTOMER_UPDATED})


@dataclass(frozen=True, slots=True)
class Untold:
    """One recorded fact. `reason` is why it was not told, where that may be undone."""

    kind: Kind
    revision: str
    occurred_at: datetime
    reason: Reason | None


def worth_telling(rows: Iterable[Untold], policy: Policy) -> bool:
    """Whether these rules let any of it through, or adopt it; what else stands against it only the record can
    say.
    """
    if policy.adoption is not None:
        return any(row.reason is not None and row.occurred_at < policy.adoption.before for row in rows)
    return any(
        row.reason is not None
        and row.kind not in policy.disabled
        and row.occurred_at >= policy.start
        and (policy.live is None or row.occurred_at < policy.live.fence)
        for row in rows
    )


def facts_again(
    record: Record, rows: Sequence[Untold], policy: Policy, news: Collection[Fact]
) -> Iterator[Fact]:
    """The facts to tell after all, or to adopt, without what is news in any case. Each keeps its time and
    identity.
    """
    known = {(fact.kind, fact.revision) for fact in news}
    for row in rows:
        if row.reason is None or (row.kind, row.revision) in known:
            continue
        if row.kind in UPDATES and record.subject.anonymised:
            continue
        known.add((row.kind, row.revision))
        fact = screened(_fact(record, row, rows), record, policy)
        if fact.filtered in (None, Reason.ADOPTED):
            yield fact


def _fact(record: Record, row: Untold, rows: Sequence[Untold]) -> Fact:
    fact = replace(fact_of(record, row.kind, row.occurred_at), revision=row.revision)
    if row.kind is Kind.ORDER_REFUNDED:
        return replace(fact, refund=_refund(int(row.revision), rows))
    return replace(fact, changed=_all(record)) if row.kind in UPDATES else fact


def _refund(total: int, rows: Iterable[Untold]) -> Refund:
    """What this one added to the refund before it."""
    totals = (int(row.revision) for row in rows if row.kind is Kind.ORDER_REFUNDED)
    return Refund(total - max((each for each in totals if each < total), default=0), total)


def _all(record: Record) -> tuple[str, ...]:
    """What changed then is not kept: all of it is told as it is now."""
    subject = record.subject
    return tuple(sorted(subject.watched if isinstance(subject, Order) else known_traits(record, None)))
