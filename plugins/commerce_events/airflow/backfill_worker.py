"""A process that reads windows of a plan for `backfill_workers`, and what it tells of them."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from traceback import format_exception

from sqlalchemy.exc import OperationalError

from commerce_events.airflow import backfills, connections
from commerce_events.domain.errors import CommerceEventsError, ConfigurationError, TransientError
from commerce_events.domain.plans import PlanWindow
from commerce_events.ledger.database import trouble
from commerce_events.steps.backfill import capture_window


@dataclass(frozen=True, slots=True)
class Recorded:
    """A page of the window that is being read."""

    records: int


@dataclass(frozen=True, slots=True)
class Done:
    """The window was read to its end, or its plan was cancelled."""


@dataclass(frozen=True, slots=True)
class Failed:
    """`kind` takes one text: an exception itself might not survive the way through a pipe."""

    kind: type[Exception]
    says: str


Word = Recorded | Done | Failed


def work(plan_id: str, pipe: Connection, level: int) -> None:
    """Read the windows whose numbers come through the pipe, until nobody is at its other end."""
    logging.getLogger("commerce_events").setLevel(level)
    with suppress(EOFError, ConnectionError):
        pipe.send(_ended(plan_id, pipe))


def _ended(plan_id: str, pipe: Connection) -> Failed:
    try:
        _read_windows(plan_id, pipe)
    except (EOFError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001 - it is raised where the windows come from
        return _failed(error)
    raise EOFError


def _read_windows(plan_id: str, pipe: Connection) -> None:
    ledger = connections.open_ledger()
    plan = backfills.plan_named(plan_id, ledger)
    store = backfills.opened(plan, ledger)

    def told(_window: PlanWindow, records: int) -> None:
        pipe.send(Recorded(records))

    while True:
        capture_window(store, plan, pipe.recv(), told)
        pipe.send(Done())


def _failed(error: Exception) -> Failed:
    match error:
        case ConfigurationError():
            return Failed(ConfigurationError, str(error))
        case CommerceEventsError():
            return Failed(TransientError, str(error))
        case OperationalError():
            return Failed(TransientError, trouble(error))
    return Failed(RuntimeError, "".join(format_exception(error)))
