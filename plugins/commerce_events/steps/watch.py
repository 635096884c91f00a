"""Watch: look at what may go wrong, and tell somebody of each change, once."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from commerce_events.config import Settings
from commerce_events.domain.alerts import Change, Finding, Level, Limits, Rule
from commerce_events.domain.errors import TransientError
from commerce_events.ledger.ledger import Ledger

log = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Silence is counted for streams that are never quiet for long; people may not change for weeks.
ORDERS = "orders"
# How far back a last sign of life is looked for, where no limit asks for more.
LONGEST_SILENCE = timedelta(days=7)

# Tells somebody of a change; raises TransientError where nobody could be reached.
Notifier = Callable[[Change], None]


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at, and what counts as wrong."""

    stores: Collection[str]
    destinations: Collection[str]
    limits: Mapping[Rule, Limits]
    accuracy_days: int
    least_rows: int

    @classmethod
    def of(cls, settings: Settings) -> "Watched":
        alerts = settings.alerts
        ends, least = tuple(settings.destinations), settings.health.quarantine_rows
        return cls(tuple(settings.stores), ends, alerts.limits(), alerts.accuracy_days, least)


def watch(
    ledger: Ledger,
    watched: Watched,
    notifiers: Mapping[str, Notifier],
    *,
    now: datetime,
    run_of: str | None = None,
    measure: Callable[[Sequence[Finding]], None] | None = None,
) -> Counter[str]:
    """Returns how many things are ok, warning and critical, and how many changes were told.

    Safe to repeat, and beside another watch: a change is told by one of them. Raises TransientError where a
    notifier failed; a change that nobody could be told is told by the next run. `run_of` is the DAG that
    watches: it has come to its end, whatever was said of it.
    """
    findings = list(look(ledger, watched, now))
    if run_of is not None:
        findings.append(Finding(Rule.DEADLINE, run_of, Level.OK, 0, "a run has come to its end"))
    if measure is not None:
        measure(findings)
    ledger.alerts.observe(findings, watched.limits.keys(), now)
    outcome = Counter(str(each.level) for each in findings)
    outcome["told"] = tell(ledger, notifiers, now)
    return outcome


def tell(ledger: Ledger, notifiers: Mapping[str, Notifier], now: datetime) -> int:
    """Tell the changes that nobody has told; returns how many. Without a notifier only the log has them."""
    told, failures = 0, []
    for change in ledger.alerts.take(now):
        log.warning("%s", change)
        failed = _notify(change, notifiers)
        if failed and len(failed) == len(notifiers):
            ledger.alerts.give_back(change)
        else:
            ledger.alerts.told(change)
            told += 1
        failures += failed
    if failures:
        raise TransientError(f"not everybody could be told: {'; '.join(sorted(set(failures)))}")
    return told


def raise_late(ledger: Ledger, notifiers: Mapping[str, Notifier], dag_id: str, *, now: datetime) -> int:
    """A run of this DAG did not end in time: Airflow says so, since the run itself cannot."""
    late = Finding(Rule.DEADLINE, dag_id, Level.CRITICAL, 1, "a run did not end in time")
    ledger.alerts.observe([late], (), now)
    return tell(ledger, notifiers, now)


def look(ledger: Ledger, watched: Watched, now: datetime) -> Iterator[Finding]:
    """Everything that is watched, as it stands now."""
    for rule, figures in (
        (Rule.ACCURACY, _accuracy(ledger, watched, now)),
        (Rule.QUARANTINE, _quarantine(ledger, watched, now)),
        (Rule.DEAD, _dead(ledger, watched)),
        (Rule.LAG, _lag(ledger, watched, now)),
        (Rule.SILENCE, _silence(ledger, watched, now)),
        (Rule.WATERMARK, _watermark(ledger, watched, now)),
    ):
        for scope, value, says in figures:
            yield Finding(rule, scope, watched.limits[rule].level(value), value, says)


Figure = tuple[str, float, str]


def _notify(change: Change, notifiers: Mapping[str, Notifier]) -> list[str]:
    failed = []
    for name, notify in notifiers.items():
        try:
            notify(change)
        except TransientError as error:
            failed.append(f"{name} ({error})")
    return failed


def _accuracy(ledger: Ledger, watched: Watched, now: datetime) -> Iterator[Figure]:
    """The worst finished day: today's records may be on their way."""
    since, today = (now - watched.accuracy_days * DAY).date(), now.date()
    days = [day for day in ledger.findings.days(since) if day.day < today and day.store in watched.stores]
    for store, stream in sorted({(day.store, day.stream) for day in days}):
        own = [day for day in days if (day.store, day.stream) == (store, stream)]
        worst = min(own, key=lambda day: (day.accuracy, day.day))
        missing = worst.in_store - worst.accounted
        says = f"{missing} of {worst.in_store} records of {worst.day} are not accounted for"
        yield f"{store}/{stream}", worst.accuracy, says if missing else "Every record is accounted for"


def _quarantine(ledger: Ledger, watched: Watched, now: datetime) -> Iterator[Figure]:
    recent = ledger.reports.recent(now - DAY)
    waiting = recent.quarantined + recent.rejects
    share = waiting / recent.rows if recent.rows >= watched.least_rows else 0.0
    says = f"{waiting} of {recent.rows} messages of the last 24 hours wait for a person"
    yield "all messages", share, says


def _dead(ledger: Ledger, watched: Watched) -> Iterator[Figure]:
    counts = ledger.watching.dead()
    for name in watched.destinations:
        count = counts.get(name, 0)
        yield name, count, f"{count} dead letters wait for a person"


def _lag(ledger: Ledger, watched: Watched, now: datetime) -> Iterator[Figure]:
    for name in watched.destinations:
        minutes = ledger.watching.lag(name, now - HOUR, now) / 60
        yield name, minutes, f"5 of 100 messages wait {minutes:.0f} minutes or more"


def _silence(ledger: Ledger, watched: Watched, now: datetime) -> Iterator[Figure]:
    limits = watched.limits[Rule.SILENCE]
    asked = [HOUR * limit for limit in (limits.warning, limits.critical) if limit is not None]
    horizon = max([*asked, LONGEST_SILENCE])
    heard = ledger.watching.last_captured(now - horizon)
    for store, stream in _streams(ledger, watched):
        if stream == ORDERS:
            hours = (now - heard.get((store, stream), now - horizon)) / HOUR
            yield f"{store}/{stream}", hours, f"nothing new was captured for {hours:.0f} hours"


def _watermark(ledger: Ledger, watched: Watched, now: datetime) -> Iterator[Figure]:
    reached = ledger.watching.streams()
    for store, stream in _streams(ledger, watched):
        minutes = (now - reached[store, stream]) / timedelta(minutes=1)
        says = f"captured without a gap up to {minutes:.0f} minutes ago"
        yield f"{store}/{stream}", minutes, says


def _streams(ledger: Ledger, watched: Watched) -> Sequence[tuple[str, str]]:
    return sorted(key for key in ledger.watching.streams() if key[0] in watched.stores)
