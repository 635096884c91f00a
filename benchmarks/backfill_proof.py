"""A quarter of a million orders, 40,000 on one day, 9,000 in one minute: captured once, through five deaths.

`python -m benchmarks.backfill_proof`, or with PROOF_ORDERS in the environment. Not part of `make bench`: it
measures nothing. Processes capture the windows of one plan on Postgres and are killed at random moments;
those that follow go on. Then every order must have a state and its two messages, once, and no request may
have looked further than the store shows.
"""

import os
import random
import signal
import time
from multiprocessing.process import BaseProcess

from sqlalchemy import func, select

from benchmarks.rig.crowded_store import BEGAN, crowded_store, reached
from benchmarks.rig.databases import postgres
from benchmarks.rig.orders import PLACED
from benchmarks.rig.past import SPAWN, Place, open_store, planned
from commerce_events.domain.plans import Plan, Stage
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import delivery, fact, record
from commerce_events.steps.backfill import capture_window

ORDERS = int(os.environ.get("PROOF_ORDERS", "250000"))
KILLS = 5
WALL = 10_000
WORKERS = os.cpu_count() or 1


def main() -> None:
    begun = time.monotonic()
    with postgres() as ledger, crowded_store(ORDERS) as shop:
        place = Place(ledger.engine.url, shop, "", "never")
        plan = planned(place, BEGAN, PLACED, window=5_000)
        largest = max(window.counted or 0 for window in plan.windows)
        print(f"{plan.counted:,} orders in {len(plan.windows)} windows of at most {largest:,}", flush=True)
        kills = _captured(place, ledger, plan)
        print(f"{kills} killed; {time.monotonic() - begun:,.0f} s; looked as far as {reached(shop):,}")
        _check(ledger, plan, reached(shop))


def _captured(place: Place, ledger: Ledger, plan: Plan) -> int:
    """Workers until nothing is left; now and then one of them is killed, and another one takes its place."""
    dice, kills = random.Random(1), 0
    working: dict[int, BaseProcess] = {}
    due = [dice.uniform(0.05, 0.9) * plan.counted for _ in range(KILLS)]
    while (now := ledger.plans.get(plan.id)) is not None and now.stage is not Stage.CAPTURED:
        for share in range(WORKERS):
            if share not in working or not working[share].is_alive():
                working[share] = SPAWN.Process(target=_work, args=(place, plan.id, share))
                working[share].start()
        if any(each <= now.read for each in due):
            due.remove(min(due))
            os.kill(working[dice.randrange(WORKERS)].pid or 0, signal.SIGKILL)
            kills += 1
        time.sleep(0.5)
    for process in working.values():
        process.join()
    return kills


def _work(place: Place, plan_id: str, share: int) -> None:
    """Every window of this worker's share that is left; in the end, whatever is left at all."""
    ledger = Ledger(open_engine(place.ledger))
    store, plan = open_store(place, ledger), ledger.plans.get(plan_id)
    left = plan.left if plan else ()
    mine = [window for window in left if window.number % WORKERS == share]
    for window in mine or left:
        if plan is not None:
            capture_window(store, plan, window.number)


def _check(ledger: Ledger, plan: Plan, looked: int) -> None:
    with ledger.engine.connect() as connection:
        records = connection.scalar(select(func.count()).select_from(record))
        facts = connection.execute(select(fact.c.kind, func.count()).group_by(fact.c.kind)).all()
        owed = connection.execute(select(delivery.c.status, func.count()).group_by(delivery.c.status)).all()
    found = (plan.counted, records, dict(map(tuple, facts)), dict(map(tuple, owed)))
    wanted = (
        ORDERS,
        ORDERS,
        {"checkout_started": ORDERS, "order_completed": ORDERS},
        {"pending": 2 * ORDERS},
    )
    if found != wanted or looked > WALL:
        raise SystemExit(f"found {found}, wanted {wanted}; looked as far as {looked:,}")
    print("each order once, with both of its messages")


if __name__ == "__main__":
    main()
