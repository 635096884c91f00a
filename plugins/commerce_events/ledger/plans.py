"""Plans of backfills: what was asked for, the windows it was cut into, and how far each of them is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from commerce_events.domain.moments import micros, moment
from commerce_events.domain.plans import Estimate, Plan, PlanWindow, wish_of
from commerce_events.ledger.database import Database
from commerce_events.ledger.plan_tables import plan, plan_window


@dataclass(frozen=True, slots=True)
class WindowStep:
    """A page of a window. Of two workers on one window the one behind moves nothing back."""

    plan: str
    window: PlanWindow
    cursor: str
    records: int
    served_at: datetime

    def advance(self, connection: Connection) -> None:
        behind = plan_window.c.cursor.is_(None) | (plan_window.c.cursor <= self.cursor)
        further = {"cursor": self.cursor, "read": plan_window.c.read + self.records}
        connection.execute(
            update(plan_window).where(_this(self.plan, self.window.number), behind).values(**further)
        )


@dataclass(frozen=True, slots=True)
class Plans:
    database: Database

    def keep(self, new: Plan, run: str | None = None) -> None:
        with self.database.write() as connection:
            connection.execute(insert(plan).values(**_row(new), run_id=run))
            connection.execute(insert(plan_window), [_window_row(new.id, one) for one in new.windows])

    def get(self, id_: str) -> Plan | None:
        with self.database.read() as connection:
            return _read(connection, plan.c.id == id_)

    def of_run(self, run: str) -> Plan | None:
        """The plan that an Airflow run made: a task that is cleared goes on with it."""
        with self.database.read() as connection:
            return _read(connection, plan.c.run_id == run)

    def latest(self, count: int) -> list[Plan]:
        """The newest first."""
        with self.database.read() as connection:
            ids = connection.scalars(
                select(plan.c.id).order_by(plan.c.made_at.desc(), plan.c.id).limit(count)
            )
            found = [_read(connection, plan.c.id == each) for each in ids.all()]
        return [each for each in found if each is not None]

    def begin(self, id_: str, now: datetime) -> None:
        """Begin, or go on with a plan that was cancelled."""
        begun = func.coalesce(plan.c.begun_at, micros(now))
        self._change(id_, begun_at=begun, cancelled_at=None)

    def cancel(self, id_: str, now: datetime) -> None:
        self._change(id_, cancelled_at=micros(now))

    def begin_anew(self, id_: str) -> None:
        """Forget how far the windows are."""
        with self.database.write() as connection:
            unread = {"cursor": None, "read": 0, "done_at": None}
            connection.execute(update(plan_window).where(plan_window.c.plan == id_).values(**unread))
            connection.execute(update(plan).where(plan.c.id == id_).values(done_at=None))

    def is_cancelled(self, id_: str) -> bool:
        with self.database.read() as connection:
            return connection.scalar(select(plan.c.cancelled_at).where(plan.c.id == id_)) is not None

    def finish_window(self, id_: str, number: int, now: datetime) -> None:
        """Close a window whose last page is recorded, and with the last one the plan."""
        with self.database.write() as connection:
            this = (_this(id_, number), plan_window.c.done_at.is_(None))
            connection.execute(update(plan_window).where(*this).values(done_at=micros(now)))
            open_ = (plan_window.c.plan == id_, plan_window.c.done_at.is_(None))
            if connection.scalar(select(func.count()).select_from(plan_window).where(*open_)) == 0:
                done = update(plan).where(plan.c.id == id_, plan.c.done_at.is_(None))
                connection.execute(done.values(done_at=micros(now)))

    def _change(self, id_: str, **values: Any) -> None:
        with self.database.write() as connection:
            connection.execute(update(plan).where(plan.c.id == id_).values(**values))


def _this(id_: str, number: int) -> Any:
    return and_(plan_window.c.plan == id_, plan_window.c.number == number)


def _read(connection: Connection, which: Any) -> Plan | None:
    row = connection.execute(select(plan).where(which).limit(1)).one_or_none()
    if row is None:
        return None
    mine = select(plan_window).where(plan_window.c.plan == row.id).order_by(plan_window.c.number)
    return _plan(row, connection.execute(mine).all())


def _row(new: Plan) -> dict[str, Any]:
    return {
        "id": new.id,
        "store": new.wish.store,
        "wish": new.wish.kept(),
        "from_at": micros(new.wish.start),
        "to_at": micros(new.wish.end),
        "fence_at": new.fence and micros(new.fence),
        "live_at": micros(new.live_start),
        "messages": new.estimate.messages,
        "requests": new.estimate.requests,
        "seconds": new.estimate.seconds,
        "made_at": micros(new.made_at),
    }


def _window_row(id_: str, one: PlanWindow) -> dict[str, Any]:
    return {
        "plan": id_,
        "number": one.number,
        "stream": one.stream,
        "start_at": micros(one.start),
        "end_at": micros(one.end),
        "counted": one.counted,
        "read": 0,
    }


def _plan(row: Any, windows: Sequence[Any]) -> Plan:
    return Plan(
        id=row.id,
        wish=wish_of(row.wish),
        fence=_moment(row.fence_at),
        live_start=moment(row.live_at),
        windows=tuple(_window(each) for each in windows),
        estimate=Estimate(row.messages, row.requests, row.seconds),
        made_at=moment(row.made_at),
        begun_at=_moment(row.begun_at),
        cancelled_at=_moment(row.cancelled_at),
        done_at=_moment(row.done_at),
    )


def _window(row: Any) -> PlanWindow:
    return PlanWindow(
        number=row.number,
        stream=row.stream,
        start=moment(row.start_at),
        end=moment(row.end_at),
        counted=row.counted,
        read=row.read,
        cursor=row.cursor,
        done_at=_moment(row.done_at),
    )


def _moment(count: int | None) -> datetime | None:
    return None if count is None else moment(count)
