"""Sifting hints: those that there is something to read for, by record; the others have ended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from commerce_events.domain.hints import Fate, Hint, Waiting
from commerce_events.domain.records import Reject
from commerce_events.ledger.inbox import Ended
from commerce_events.steps.capture import ORDERS
from commerce_events.steps.readings import Key
from commerce_events.steps.record import keep_rejects
from commerce_events.steps.store import OpenStore

About = Mapping[Key, Sequence[Waiting]]


def sift(store: OpenStore, waiting: Iterable[Waiting]) -> tuple[list[Ended], About]:
    """People stand before orders, so that they are introduced first."""
    ended: list[Ended] = []
    about: dict[Key, list[Waiting]] = defaultdict(list)
    for one in waiting:
        hint = one.hint
        if verdict := _meaningless(store, hint):
            ended.append(verdict)
        else:
            about[str(hint.stream), str(hint.record_id)].append(one)
    known = _known(store, about)
    for key, at in known.items():
        older = [one for one in about[key] if _is_before(one.hint, at)]
        ended += [Ended(one.hint, Fate.KNOWN) for one in older]
        about[key] = [one for one in about[key] if one not in older]
    return ended, {key: about[key] for key in sorted(about) if about[key]}


def _meaningless(store: OpenStore, hint: Hint) -> Ended | None:
    if hint.stream is None:
        return Ended(hint, Fate.IGNORED, "unknown_trigger")
    if hint.stream not in (ORDERS, *store.settings.people):
        return Ended(hint, Fate.IGNORED, "stream_off")
    if hint.record_id is None:
        body = store.ledger.inbox.body(hint)
        nameless = Reject(None, "missing_id", "$.payload", "the hint names no record", body)
        keep_rejects(store, hint.stream, [nameless])
        return Ended(hint, Fate.REJECTED, nameless.reason)
    return None


def _known(store: OpenStore, about: About) -> dict[Key, datetime]:
    """Up to which moment the records are known, as far as they are."""
    known: dict[Key, datetime] = {}
    for stream in {stream for stream, _ in about}:
        ids = [record_id for each, record_id in about if each == stream]
        seen = store.ledger.records.states(store.name, stream, ids)
        known |= {(stream, record_id): one.state.updated_at for record_id, one in seen.items()}
    return known


def _is_before(hint: Hint, at: datetime) -> bool:
    """What a later look has shown, an earlier one cannot add to: it costs no request."""
    return hint.source_at is not None and hint.source_at < at
