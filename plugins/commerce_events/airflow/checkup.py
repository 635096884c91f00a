"""The doctor: whether each part can do its work, and what to do where it cannot. Writes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from commerce_events.airflow import checks
from commerce_events.airflow.checks import Answer
from commerce_events.airflow.files import SETTINGS_FILE
from commerce_events.config import Health, Settings, Store
from commerce_events.domain.errors import CommerceEventsError
from commerce_events.ledger.database import trouble
from commerce_events.ledger.ledger import Ledger

T = TypeVar("T")


class Verdict(StrEnum):
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"  # something it needs has failed


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    verdict: Verdict
    says: str


def checkup(cases: Path | None) -> Iterator[Finding]:
    """All checks, one after the other; a failed one keeps no later one from running."""
    settings, finding = _try(SETTINGS_FILE, checks.settings)
    yield finding
    yield from _files(settings, cases)
    ledger, finding = _try("ledger", checks.ledger)
    yield finding
    yield _try("pool", checks.pool)[1]
    if settings is None:
        yield _skipped("stores and destinations", f"{SETTINGS_FILE} must load first")
    else:
        for name, store in settings.stores.items():
            yield from _store(name, store, ledger)
        for name, destination in settings.destinations.items():
            yield _try(f"destination {name}", partial(checks.destination, destination))[1]
            yield _try(f"write key of {name}", partial(checks.write_key, name))[1]
    yield from _rows(ledger, settings)


def _files(settings: Settings | None, cases: Path | None) -> Iterator[Finding]:
    yield _try("contracts", checks.contracts)[1]
    if settings is None:
        yield _skipped("templates", f"{SETTINGS_FILE} must load first")
        return
    templates, finding = _try("templates", partial(checks.templates, settings))
    yield finding
    if cases is not None and templates is not None:
        yield _try("golden cases", partial(checks.golden, settings, cases))[1]


def _store(name: str, store: Store, ledger: Ledger | None) -> Iterator[Finding]:
    what = f"store {name}"
    yield _try(f"{what}: namespace", partial(checks.namespace, name, store, ledger))[1]
    served_at, finding = _try(f"{what}: connection", partial(checks.connection, store))
    yield finding
    if served_at is not None:
        yield _try(f"{what}: clock", partial(checks.clock, served_at))[1]
    yield _try(f"{what}: erasure", partial(checks.erasure, store))[1]


def _rows(ledger: Ledger | None, settings: Settings | None) -> Iterator[Finding]:
    if ledger is None:
        yield _skipped("waiting for a person", "the ledger must open first")
        return
    yield _try("people", partial(checks.people, ledger))[1]
    yield _try("waiting for a person", partial(checks.waiting, ledger))[1]
    health, stores = (settings.health, settings.stores) if settings else (Health(), {})
    yield _try("last 24 hours", partial(checks.day, ledger, health, stores))[1]


def _try(what: str, look: Callable[[], Answer[T]]) -> tuple[T | None, Finding]:
    try:
        found, says = look()
    except CommerceEventsError as error:
        return None, Finding(what, Verdict.FAILED, str(error))
    except DBAPIError as error:
        return None, Finding(what, Verdict.FAILED, trouble(error))
    return found, Finding(what, Verdict.OK, says)


def _skipped(what: str, why: str) -> Finding:
    return Finding(what, Verdict.SKIPPED, why)
