"""`commerce-events backfill apply` with several processes: stopped, killed and disturbed like one alone."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from subprocess import PIPE, STDOUT

import psutil
import pytest
from proofs.books import check_books
from sqlalchemy import URL
from terminal import Terminal

from commerce_events.airflow import backfills, connections
from commerce_events.airflow.backfill_workers import read_windows
from commerce_events.cli.plainly import CANNOT
from commerce_events.domain.plans import Plan, PlanWindow, Stage
from commerce_events.sandbox import faults
from commerce_events.sandbox.wire import Request
from commerce_events.steps.estimate import Rates
from commerce_events.steps.plan import Sizes, draw_up

ORDERS, CUSTOMERS = 48, 12
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SLOW = Rates(requests=0.01, events=1.0)  # so slow that the smallest window has work enough
PATIENCE = 60.0
once = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)


@pytest.fixture
def shop(terminal: Terminal, ledger_url: URL) -> Iterator[Terminal]:
    """An order every hour, a customer every four."""
    if ledger_url.get_backend_name() == "postgresql":
        terminal.connect_postgres(ledger_url)
    terminal.shop.clock = BEGAN
    for number in range(ORDERS):
        terminal.shop.advance(3_600)
        terminal.shop.place_order(buyer="guest", currency="USD")
        if number % 4 == 0:
            terminal.shop.add_customer()
    yield terminal
    assert helpers() == []


def planned(terminal: Terminal, *streams: str) -> Plan:
    """Windows of at most four records."""
    span = {"from": "2026-01-01", "to": "2026-01-04", "fence_hours": 0, "streams": streams or ("orders",)}
    ledger = terminal.ledger
    wish = backfills.wish_of({"store": "main", **span})
    plan = draw_up(connections.open_store("main", ledger), wish, SLOW, Sizes(window=4))
    ledger.plans.keep(plan)
    return plan


def helpers() -> list[psutil.Process]:
    """Processes that read windows for this one."""
    return [one for one in psutil.Process().children(recursive=True) if _reads(one)]


def _reads(process: psutil.Process) -> bool:
    """Whether it does; one that has just ended has no command line any more."""
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie too
        return False


def apply(terminal: Terminal, plan: Plan, workers: int = 2) -> tuple[int, str]:
    done = terminal.run("backfill", "apply", plan.id, "--yes", "--workers", str(workers))
    return done.exit_code, done.output


def meanwhile(terminal: Terminal, act: Callable[[], object]) -> None:
    """Do something once, before the fifth page that the processes ask for is answered."""
    left = iter((4, 3, 2, 1, 0))

    def seen(request: Request) -> None:
        if request.path == "/v2/orders" and helpers() and next(left, None) == 0:
            act()

    terminal.shop.on_request(seen)


def check_told_once(terminal: Terminal, plan: Plan) -> None:
    kept = terminal.ledger.plans.get(plan.id)
    assert kept
    assert kept.stage is Stage.CAPTURED
    told = [one.message["properties"]["order_id"] for one in terminal.segment.received()]
    assert sorted(told) == sorted(terminal.shop.order_ids())
    check_books(terminal.ledger)


def test_several_processes_tell_everything_once(shop: Terminal) -> None:
    plan = planned(shop)
    seen = set[int]()
    shop.shop.on_request(lambda _: seen.update(one.pid for one in helpers()))

    code, said = apply(shop, plan)

    assert (code, len(plan.windows) > 4, len(seen)) == (0, True, 2), said
    check_told_once(shop, plan)


@once
def test_people_come_before_orders(shop: Terminal) -> None:
    plan = planned(shop, "orders", "customers")
    backfills.begin(plan, shop.ledger)
    shop.shop.faults.always(faults.slow(0.3), where="/v2/customers".__eq__)
    heard: list[PlanWindow] = []

    read_windows(plan, shop.ledger, 2, lambda window, _: heard.append(window))

    streams = [stream for stream, _ in groupby(window.stream for window in heard)]
    assert streams == ["customers", "orders"]
    assert {window.number for window in heard} == {window.number for window in plan.windows}


def test_a_killed_process_is_named_and_the_rest_of_the_plan_can_be_told(shop: Terminal) -> None:
    plan = planned(shop)
    meanwhile(shop, lambda: helpers()[0].kill())

    code, said = apply(shop, plan)

    assert code == CANNOT, said
    assert "the process that read window" in said
    assert "was killed by SIGKILL" in said
    kept = shop.ledger.plans.get(plan.id)
    assert kept
    assert 0 < len(kept.left) < len(plan.windows)
    assert apply(shop, plan)[0] == 0
    check_told_once(shop, plan)


@once
def test_what_one_process_cannot_do_ends_the_command(shop: Terminal) -> None:
    plan = planned(shop)
    meanwhile(shop, lambda: shop.shop.faults.always(faults.status(403)))

    code, said = apply(shop, plan)

    assert (code, "Traceback" in said) == (CANNOT, False), said
    assert re.search(r"^window \d+, orders 2026-01-0\S .*403", said, flags=re.MULTILINE), said


def hears_ctrl_c() -> None:
    """What a shell starts in the background, as it may have started these tests, does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_stops_all_of_them_at_once_and_leaves_whole_pages(shop: Terminal) -> None:
    plan = planned(shop)
    command = [sys.executable, "-m", "commerce_events", "backfill", "apply", plan.id, "--yes", "--workers=2"]
    typed = subprocess.Popen(
        command, start_new_session=True, stdout=PIPE, stderr=STDOUT, preexec_fn=hears_ctrl_c
    )
    stopped = list[float]()

    def ctrl_c() -> None:
        stopped.append(time.monotonic())
        os.killpg(typed.pid, signal.SIGINT)

    meanwhile(shop, ctrl_c)
    said = typed.communicate(timeout=PATIENCE)[0].decode()
    took = time.monotonic() - stopped[0]

    assert (typed.returncode, "Traceback" in said, took < 5) == (130, False, True), said
    kept = shop.ledger.plans.get(plan.id)
    assert kept
    assert 0 < kept.read < ORDERS
    assert shop.ledger.reports.records() == [("main", "orders", kept.read)]
    assert apply(shop, plan)[0] == 0
    check_told_once(shop, plan)


@once
def test_all_processes_keep_to_one_rate_of_requests(shop: Terminal) -> None:
    shop.connect_store(extra={"requests_per_second": 40})
    for order_id in shop.shop.order_ids():
        shop.shop.pay(order_id)
    plan = planned(shop)
    came = list[float]()
    shop.shop.on_request(lambda _: came.append(time.monotonic()) if helpers() else None)

    code, said = apply(shop, plan)

    assert code == 0, said
    assert len(came) > ORDERS
    most = max(sum(begin <= each < begin + 0.999 for each in came) for begin in came)
    assert most <= 40
    assert len(came) / (came[-1] - came[0]) <= 21, "half of the rate is for backfills"


@once
def test_ctrl_c_is_not_for_the_processes_themselves(shop: Terminal) -> None:
    plan = planned(shop)
    meanwhile(shop, lambda: [one.send_signal(signal.SIGINT) for one in helpers()])

    code, said = apply(shop, plan)

    assert code == 0, said
    check_told_once(shop, plan)
