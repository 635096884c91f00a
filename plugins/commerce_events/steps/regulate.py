"""Regulate: ask Segment to erase those whom the ledger has erased, and follow each request to its end."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from commerce_events.destinations.regulations import (
    MAX_SUBJECTS,
    MONTHLY_SUBJECTS,
    WRONG,
    Regulation,
    RegulationKind,
)
from commerce_events.destinations.segment_public_api import SegmentPublicApi
from commerce_events.domain.errors import (
    AttentionError,
    CommerceEventsError,
    ConfigurationError,
    RejectedError,
    TransientError,
)
from commerce_events.ledger.ledger import Ledger

log = logging.getLogger(__name__)

# Refused calls in one run: enough to single out two or three bad ids among 5,000 by halving.
MAX_REFUSALS = 40

ENDED_BADLY = tuple(status.lower() for status in sorted(WRONG))
UNKNOWN = "NOT_FOUND"  # our own word, beside Segment's: it says that it has no such regulation


@dataclass(frozen=True, slots=True)
class Workspace:
    """What one Public API connection opens, and which regulation each store asks for through it.

    `client` is None where there is no such connection.
    """

    connection: str
    client: SegmentPublicApi | None
    kinds: Mapping[str, str]

    def stores(self, kind: str | None = None) -> list[str]:
        return [store for store, asked in self.kinds.items() if kind in (None, asked)]


def regulate(
    ledger: Ledger, workspaces: Sequence[Workspace], *, clock: Callable[[], datetime]
) -> Counter[str]:
    """Follow what was filed and file what waits, workspace by workspace. One in trouble stops no other.

    AttentionError, after all was tried, where a person must see to it; ConfigurationError and TransientError
    as the first workspace in trouble has it.
    """
    outcome: Counter[str] = Counter()
    troubles: list[CommerceEventsError] = []
    for workspace in workspaces:
        if workspace.client is None:
            outcome["not filed"] += _left(ledger, workspace)
            continue
        for step in _steps(ledger, workspace.client, workspace, clock):
            try:
                outcome += step()
            except CommerceEventsError as error:
                troubles.append(error)
    if wrong := sum(outcome[word] for word in ENDED_BADLY):
        troubles.append(AttentionError(f"{wrong} regulations ended badly: `commerce-events erase --status`"))
    if troubles:  # what a person must see to is said once; the rest shows again in the next run
        raise min(troubles, key=lambda error: not isinstance(error, AttentionError))
    return outcome


def _steps(
    ledger: Ledger, client: SegmentPublicApi, workspace: Workspace, clock: Callable[[], datetime]
) -> list[Callable[[], Counter[str]]]:
    kinds = sorted(set(workspace.kinds.values()))
    filings = [
        partial(file_regulations, ledger, client, kind, stores=workspace.stores(kind), clock=clock)
        for kind in kinds
    ]
    return [
        partial(follow_regulations, ledger, client, stores=workspace.stores(), clock=clock),
        *filings,
    ]


def _left(ledger: Ledger, workspace: Workspace) -> int:
    waiting = ledger.regulations.waiting(workspace.stores())
    if waiting:
        log.warning("%d erasures wait: there is no connection %s", waiting, workspace.connection)
    return waiting


def file_regulations(
    ledger: Ledger,
    client: SegmentPublicApi,
    kind: str,
    *,
    stores: Collection[str],
    clock: Callable[[], datetime],
) -> Counter[str]:
    """Returns how many users were filed, and how many wait: for room in the month, or since Segment says so.

    Safe to repeat at any point: who was filed without the ledger's knowledge, because the run or the answer
    broke off, is filed once more, and suppressing or deleting somebody twice does no more than once.
    AttentionError, after all others were filed, where Segment refuses an id for good.
    """
    filing = _Filing(ledger, client, _kind(kind), stores, clock)
    filed_already = ledger.regulations.users_filed_since(stores, _month_of(clock()))
    room = max(0, MONTHLY_SUBJECTS - filed_already)
    waiting = _waiting(ledger, stores, room + MONTHLY_SUBJECTS)
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
    ledger: Ledger, client: SegmentPublicApi, *, stores: Collection[str], clock: Callable[[], datetime]
) -> Counter[str]:
    """Ask for each regulation that has not ended; returns how many have which status.

    `failed` leaves out those that failed for unsupported destinations alone: `only_unsupported`. One that
    Segment does not know stays open, for its token may be another workspace's: `not_found`.
    Where one ended badly its people's ids stay until somebody sees to them.
    """
    outcome: Counter[str] = Counter()
    for regulation_id in ledger.regulations.open(stores):
        try:
            found = client.regulation(regulation_id)
        except RejectedError as error:
            log.warning("%s", error)
            ledger.regulations.followed(stores, regulation_id, UNKNOWN, str(error), clock())
            outcome[UNKNOWN.lower()] += 1
            continue
        noted = {"ended": found.ended, "needed": found.went_wrong}
        ledger.regulations.followed(stores, regulation_id, found.status, found.detail, clock(), **noted)
        outcome[_word(found)] += 1
        if found.detail:
            log.warning("regulation %s: %s: %s", regulation_id, found.status, found.detail)
    return outcome


@dataclass(frozen=True, slots=True)
class _Filing:
    ledger: Ledger
    client: SegmentPublicApi
    kind: RegulationKind
    stores: Collection[str]
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
        self.ledger.regulations.filed(self.stores, users, regulation_id, self.clock())
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


def _waiting(ledger: Ledger, stores: Collection[str], count: int) -> list[str]:
    """Each user once: two stores may know the same one."""
    return list(dict.fromkeys(erasure.user_id for erasure in ledger.regulations.unfiled(stores, count)))


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
