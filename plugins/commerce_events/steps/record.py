"""Recording: judge records against what is known of them, render what is new, and write it all at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from commerce_events.domain.errors import TransientError
from commerce_events.domain.identity import Identity
from commerce_events.domain.lifecycle import judge, place
from commerce_events.domain.past import facts_again
from commerce_events.domain.records import Record, Reject
from commerce_events.domain.states import Policy, State, concerns
from commerce_events.ledger.entries import Entry, KnownStates, Seen
from commerce_events.ledger.scans import Progress
from commerce_events.steps.background import (
    Background,
    background,
    first_order,
    names_erased,
    screened,
    trace_of,
    with_consent,
    with_refunds,
)
from commerce_events.steps.complete import Look, completed
from commerce_events.steps.erase import erase_person
from commerce_events.steps.gather import Complete
from commerce_events.steps.introductions import strangers
from commerce_events.steps.past import Past, PastByRecord, untold_of
from commerce_events.steps.store import OpenStore
from commerce_events.steps.taken import untaken

# Each lost race means that another capture recorded the same records; a second one is rare already.
MOST_LOST_RACES = 20

# Stores tell times in whole seconds, and not all of their clocks agree to the second.
SETTLED_AFTER = timedelta(seconds=2)

# What to believe of a record, by its id and what is remembered of it: whoever reconciles trusts less.
Doubt = Callable[[str, State], State]


def record_all(
    store: OpenStore,
    stream: str,
    records: Sequence[Record],
    rejects: Sequence[Reject] = (),
    step: Progress | None = None,
    complete: Complete | None = None,
    doubt: Doubt | None = None,
    *,
    just_read: bool = False,
) -> Counter[str]:
    """Record what is new in these records of one stream, keep the rejects, and note how far a scan is.

    `complete`: those that have been asked for in detail already. `just_read`: all were, one by one, and
    nobody has to be asked which is newer. With `doubt` the ledger itself is in question: rows that it lacks
    are written again, and what a batch has taken already is not owed once more.
    """
    outcome = Counter({"records": len(records) + len(rejects)})
    outcome.update(keep_rejects(store, stream, rejects))
    # What was asked for in detail is not asked again after a lost race.
    complete = {record.id: record for record in records} if just_read else dict(complete or {})
    for race in range(MOST_LOST_RACES):
        news = news_of(store, stream, records, complete, doubt, newest=just_read and race == 0)
        outcome.update(keep_rejects(store, stream, news.unreadable))
        outcome.update(_introduced(store, news.records))
        entries = judged(store, news, step)
        if doubt is not None:
            entries = untaken(store.ledger, [_remembering(each, news.remembered) for each in entries])
        written = store.ledger.records.record(
            entries, door=store.door, now=store.clock(), run=store.run, step=step, again=doubt is not None
        )
        outcome.update(written.counts)
        outcome["changed"] += len(entries) - len(written.lost)
        outcome.update(_erased(store, [entry for entry in entries if entry.record.id not in written.lost]))
        if not written.lost:
            read = [record.id for record in news.records]
            store.ledger.rejects.settle(store.name, stream, read, store.clock())
            return outcome
        records = [record for record in records if record.id in written.lost]
    raise TransientError(f"{len(records)} records of {store.name} were written by others each time we tried")


@dataclass(frozen=True, slots=True)
class News:
    """Of some records of a stream: what the ledger keeps of them all, what of that is believed, and those
    that have something to tell.
    """

    remembered: KnownStates
    seen: KnownStates
    untold: PastByRecord
    records: Sequence[Record]
    unreadable: Sequence[Reject]


def news_of(
    store: OpenStore,
    stream: str,
    records: Sequence[Record],
    complete: Complete,
    doubt: Doubt | None = None,
    *,
    newest: bool = False,
) -> News:
    """Reads the ledger, and from the store what costs a request of its own; `complete` keeps that."""
    remembered = store.ledger.records.states(store.name, stream, [record.id for record in records])
    seen = _believed(remembered, doubt)
    untold = untold_of(store, stream, seen)
    return News(remembered, seen, untold, *_news(store, records, seen, untold, complete, newest=newest))


def judged(store: OpenStore, news: News, step: Progress | None = None) -> list[Entry]:
    """What would be recorded of the news now. Only reads: a dry run ends here."""
    known, policy = background(store, news.records, news.seen), store.policy
    return [
        _judged(store, policy, record, news.seen.get(record.id), news.untold.get(record.id, ()), known, step)
        for record in news.records
    ]


def _believed(seen: KnownStates, doubt: Doubt | None) -> KnownStates:
    if doubt is None:
        return seen
    return {each: replace(known, state=doubt(each, known.state)) for each, known in seen.items()}


def _remembering(entry: Entry, seen: KnownStates) -> Entry:
    """What was told once stays told, also where doubt could not make it again."""
    known = seen.get(entry.record.id)
    if known is None or entry.erased:
        return entry
    refunded = max(entry.state.refunded, known.state.refunded)
    done = entry.state.done | known.state.done
    return replace(entry, state=replace(entry.state, done=done, refunded=refunded))


def keep_rejects(store: OpenStore, stream: str, rejects: Sequence[Reject]) -> Counter[str]:
    """Of one that names an erased person the content is not kept."""
    known = [replace(each, body=b"") if names_erased(store, each.body) else each for each in rejects]
    kept = store.ledger.rejects.keep(store.name, stream, known, store.clock())
    return Counter({f"rejected {reason}": count for reason, count in kept.items()})


def _news(
    store: OpenStore,
    records: Iterable[Record],
    seen: KnownStates,
    untold: PastByRecord,
    complete: Complete,
    *,
    newest: bool,
) -> tuple[list[Record], list[Reject]]:
    """The records that have something to tell, with all that their payments do: news, or their past."""
    states, policy = {record_id: known.state for record_id, known in seen.items()}, store.policy
    looks: list[Look] = []
    for record in records:
        is_new = concerns(record, states.get(record.id), policy)
        if is_new or record.id in untold:
            looks.append((record, seen.get(record.id) if is_new and not newest else None))
    found = completed(store, looks, complete)
    told = [found[record.id] for record, _ in looks]
    whole = [each for each in told if isinstance(each, Record)]
    complete.update({record.id: record for record in whole})
    news = [
        record for record in whole if record.id in untold or concerns(record, states.get(record.id), policy)
    ]
    return news, [each for each in told if isinstance(each, Reject)]


def _introduced(store: OpenStore, news: Sequence[Record]) -> Counter[str]:
    """Identify before track: whoever stands behind new orders is recorded first, in the same lane."""
    outcome: Counter[str] = Counter()
    for stream, people in strangers(store, news).items():
        outcome += record_all(store, stream, people)
    outcome["introduced"] = outcome.pop("records", 0)
    return outcome


def _judged(
    store: OpenStore,
    policy: Policy,
    record: Record,
    seen: Seen | None,
    untold: Past,
    known: Background,
    step: Progress | None,
) -> Entry:
    identity = known.people[record.id]
    record = with_consent(record, known)
    judgement = judge(record, seen.state if seen else None, policy)
    record = with_refunds(record, judgement.state)
    again = facts_again(record, untold, policy, judgement.facts)
    told = [
        row
        for fact in sorted((*judgement.facts, *again), key=place)
        for row in store.renderer.told(
            screened(fact, record, known),
            record,
            store.door,
            identity=identity,
            first_order=first_order(fact, record, known),
            backfill=store.backfill,
        )
    ]
    settled = step is not None and record.updated_at + SETTLED_AFTER <= step.served_at
    state = replace(judgement.state, settled=settled and judgement.state.settled)
    erased = record.id in known.erased
    return Entry(
        record=record,
        seen=seen,
        state=_blank(state) if erased else state,
        person=None if erased else _person(record, seen, identity),
        told=told,
        priority=store.priority,
        trace=trace_of(store, record, known),
        erased=erased,
    )


def _person(record: Record, seen: Seen | None, identity: Identity) -> str | None:
    """Whose a record is. An anonymised one no longer says, but what was told of it before is still theirs."""
    return seen.person if record.subject.anonymised and seen and seen.person else identity.person


def _blank(state: State) -> State:
    """Of an erased person's record, only what keeps it from being told again."""
    return replace(state, refunded=0, watched={}, anonymised=True)


def _erased(store: OpenStore, written: Iterable[Entry]) -> Counter[str]:
    """A record that the store has anonymised erases its person here too, where that is switched on."""
    outcome: Counter[str] = Counter()
    if not store.settings.erasure.on_anonymised:
        return outcome
    for entry in written:
        before = entry.seen
        if entry.record.subject.anonymised and before and before.person and not before.state.anonymised:
            known = store.ledger.people.knows(store.name, before.person)
            # A guest goes by their browser, which may be several people's: their address says who it was.
            bought = None if known else store.ledger.people.buyer_of(store.name, entry.record.id)
            erase_person(store, bought or before.person, regulate=known)
            outcome["erased"] += 1
    return outcome
