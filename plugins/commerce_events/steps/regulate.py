"""Regulate: ask Segment to erase those whom the ledger has erased, and follow each request to its end."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from commerce_events.destinations.regulations import (
    MAX_SUBJECTS,
    MONTHLY_SUBJECTS,
    Regulation,
    RegulationKind,
)
from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.domain.errors import AttentionError, ConfigurationError, RejectedError, TransientError
from commerce_events.ledger.ledger import Ledger

log = logging.getLogger(__name__)

# Refused calls in one run: enough to single out two or three bad ids among 5,000 by halving.
MAX_REFUSALS = 40

UNKNOWN = "NOT_FOUND"  # our own word, beside Segment's: it says that it has no such regulation


def file_regulations(
    ledger: Ledger, client: SegmentPublicApi, kind: str, *, clock: Callable[[], datetime]
) -> Counter[str]:
    """Returns how many users were filed, and how many wait: for room in the month, or since Segment says so.

    Safe to repeat at any point: who was filed without the ledger's knowledge, because the run or the answer
    broke off, is filed once more, and suppressing or deleting somebody twice does no more than once.
    AttentionError, after all others were filed, where Segment refuses an id for good.
    """
    filing = _Filing(ledger, client, _kind(kind), clock)
    room = max(0, MONTHLY_SUBJECTS - ledger.erasures.users_filed_since(_month_of(clock())))
    waiting = _waiting(ledger, room + MONTHLY_SUBJECTS)
    filing.file_all(waiting[:room])
    outcome = filing.outcome
    left = len(waiting) - outcome["filed"] - outcome["refused"]
    if left:
        outcome["waiting"] = left
        log.warning("%d users wait to be filed; Segment erases %d in a month", left, MONTHLY_SUBJECTS)
    if outcome["refused"]:
        raise AttentionError(f"Segment refuses to erase {outcome['refused']} users; the log says why")
    return outcome


def follow_regulations(
    ledger: Ledger, client: SegmentPublicApi, *, clock: Callable[[], datetime]
) -> Counter[str]:
    """Ask for each regulation that has not ended; returns how many have which status.

    `failed` leaves out those that failed for unsupported destinations alone: `only_unsupported`. One that
    Segment does not know stays open, for its token may be another workspace's: `not_found`.
    """
    outcome: Counter[str] = Counter()
    for regulation_id in ledger.erasures.open_regulations():
        try:
            found = client.regulation(regulation_id)
        except RejectedError as error:
            log.warning("%s", error)
            ledger.erasures.followed(regulation_id, UNKNOWN, str(error), clock())
            outcome[UNKNOWN.lower()] += 1
            continue
        ledger.erasures.followed(regulation_id, found.status, found.detail, clock(), ended=found.ended)
        outcome[_word(found)] += 1
        if found.detail:
            log.warning("regulation %s: %s: %s", regulation_id, found.status, found.detail)
    return outcome


@dataclass(frozen=True, slots=True)
class _Filing:
    ledger: Ledger
    client: SegmentPublicApi
    kind: RegulationKind
    clock: Callable[[], datetime]
    outcome: Counter[str] = field(default_factory=Counter)

    def file_all(self, users: Sequence[str]) -> None:
        try:
            for start in range(0, len(users), MAX_SUBJECTS):
                self.file(users[start : start + MAX_SUBJECTS])
        except TransientError as error:
            if error.maybe_taken or error.after is None:
                raise
            # Nothing is wrong: Segment wants us later, as when others have used up the month.
            log.warning("%s", error)

    def file(self, users: Sequence[str]) -> None:
        try:
            regulation_id = self.client.regulate(self.kind, users)
        except RejectedError as error:
            self._single_out(users, error)
            return
        self.ledger.erasures.filed(users, regulation_id, self.clock())
        self.outcome["filed"] += len(users)
        self.outcome["regulations"] += 1
        log.info("regulation %s: %d users filed", regulation_id, len(users))

    def _single_out(self, users: Sequence[str], error: RejectedError) -> None:
        """One bad id does not keep the others from being erased: halve until it stands alone."""
        self.outcome["refusals"] += 1
        if len(users) == 1 or self.outcome["refusals"] >= MAX_REFUSALS:
            self.outcome["refused"] += len(users)
            log.warning("%d users not filed: %s", len(users), error)
            return
        half = len(users) // 2
        self.file(users[:half])
        self.file(users[half:])


def _waiting(ledger: Ledger, count: int) -> list[str]:
    """Each user once: two stores may know the same one."""
    return list(dict.fromkeys(erasure.user_id for erasure in ledger.erasures.unfiled(count)))


def _kind(name: str) -> RegulationKind:
    try:
        return RegulationKind(name)
    except ValueError:
        known = ", ".join(RegulationKind)
        raise ConfigurationError(f"no regulation {name!r} can be filed; it must be one of {known}") from None


def _month_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _word(regulation: Regulation) -> str:
    return "only_unsupported" if regulation.only_unsupported else regulation.status.lower()
