"""Recording: judge records against what is known of them, render what is new, and write it all at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from commerce_events.domain.errors import TransientError
from commerce_events.domain.identity import Identity
from commerce_events.domain.lifecycle import judge
from commerce_events.domain.records import Customer, Profile, Record, Reject
from commerce_events.domain.states import State, is_news
from commerce_events.ledger.entries import Entry, KnownStates, Seen
from commerce_events.ledger.scans import Step
from commerce_events.steps.background import (
    Background,
    background,
    first_order,
    names_erased,
    screened,
    trace_of,
    with_consent,
)
from commerce_events.steps.erase import erase_person
from commerce_events.steps.introductions import strangers
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
    step: Step | None = None,
    *,
    doubt: Doubt | None = None,
) -> Counter[str]:
    """Record what is new in these records of one stream, keep the rejects, and note how far a scan is.

    With `doubt` the ledger itself is in question: rows that it lacks are written again, and what a batch has
    taken already is not owed once more.
    """
    outcome = Counter({"records": len(records) + len(rejects)})
    outcome.update(keep_rejects(store, stream, rejects))
    complete: dict[str, Record] = {}  # what was asked for in detail is not asked again after a lost race
    for _ in range(MOST_LOST_RACES):
        remembered = store.ledger.records.states(store.name, stream, [record.id for record in records])
        seen = _believed(remembered, doubt)
        news, unreadable = _news(store, records, seen, complete)
        outcome.update(keep_rejects(store, stream, unreadable))
        outcome.update(_introduced(store, news))
        known = background(store, news, seen)
        entries = [_judged(store, record, seen.get(record.id), known, step) for record in news]
        if doubt is not None:
            entries = untaken(store.ledger, [_remembering(each, remembered) for each in entries])
        written = store.ledger.records.record(
            entries, door=store.door, now=store.clock(), run=store.run, step=step, again=doubt is not None
        )
        outcome.update(written.counts)
        outcome["changed"] += len(entries) - len(written.lost)
        outcome.update(_erased(store, [entry for entry in entries if entry.record.id not in written.lost]))
        if not written.lost:
            store.ledger.rejects.settle(store.name, stream, [record.id for record in news], store.clock())
            return outcome
        records = [record for record in records if record.id in written.lost]
    raise TransientError(f"{len(records)} records of {store.name} were written by others each time we tried")


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
    store: OpenStore, records: Iterable[Record], seen: KnownStates, complete: dict[str, Record]
) -> tuple[list[Record], list[Reject]]:
    """The records that differ from what is known, with all that their payments tell."""
    news: list[Record] = []
    unreadable: list[Reject] = []
    for record in records:
        known = seen.get(record.id)
        if not is_news(record, known.state if known else None):
            continue
        found = _completed(store, record, known, complete)
        if isinstance(found, Reject):
            unreadable.append(found)
            continue
        complete[record.id] = found
        if is_news(found, known.state if known else None):
            news.append(found)
    return news, unreadable


def _completed(
    store: OpenStore, record: Record, known: Seen | None, complete: dict[str, Record]
) -> Record | Reject:
    """All there is to know of a record. Two contents of one second: the store says which one is newer."""
    if isinstance(record.subject, Profile) or (
        isinstance(record.subject, Customer) and record.subject.deleted
    ):
        return record  # worked out here; no store has it
    if known is not None and record.updated_at == known.state.updated_at:
        return store.source.read(record.stream, record.id)
    return complete.get(record.id) or store.source.complete(record)


def _introduced(store: OpenStore, news: Sequence[Record]) -> Counter[str]:
    """Identify before track: whoever stands behind new orders is recorded first, in the same lane."""
    outcome: Counter[str] = Counter()
    for stream, people in strangers(store, news).items():
        outcome += record_all(store, stream, people)
    outcome["introduced"] = outcome.pop("records", 0)
    return outcome


def _judged(
    store: OpenStore, record: Record, seen: Seen | None, known: Background, step: Step | None
) -> Entry:
    identity = known.people[record.id]
    record = with_consent(record, known)
    judgement = judge(record, seen.state if seen else None, store.settings.lifecycle_policy())
    told = [
        row
        for fact in judgement.facts
        for row in store.renderer.told(
            screened(fact, record, known),
            record,
            store.door,
            identity=identity,
            first_order=first_order(fact, record, known),
        )
    ]
    settled = step is not None and record.updated_at + SETTLED_AFTER <= step.served_at
    state = replace(judgement.state, settled=settled)
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
            erase_person(store, before.person, regulate=known)
            outcome["erased"] += 1
    return outcome
