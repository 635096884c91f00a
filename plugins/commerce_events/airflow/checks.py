"""Single checks of a deployment. Each returns what it found and what to say of it, or raises what is wrong.

The messages of the errors say what to do. Nothing is written anywhere.
"""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from commerce_events.airflow import connections, pools, reconciling
from commerce_events.airflow.files import SETTINGS_FILE, include_folder, shadow_folder
from commerce_events.airflow.hooks.elasticpath import ElasticPathHook
from commerce_events.airflow.hooks.segment import SegmentHook
from commerce_events.airflow.hooks.segment_public_api import SegmentPublicApiHook
from commerce_events.airflow.ledger_url import whereabouts
from commerce_events.airflow.wall import now
from commerce_events.config import Destination, Health, Settings, Store
from commerce_events.contracts.contracts import Contracts
from commerce_events.domain.deliveries import Status
from commerce_events.domain.errors import AttentionError, ConfigurationError
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.waiting import Choice
from commerce_events.sources.elasticpath.pace import BRIEF
from commerce_events.steps.report import report_run
from commerce_events.templates.golden import run_golden
from commerce_events.templates.library import Templates

# A store's times have whole seconds, and an answer takes a while.
MOST_SKEW = timedelta(seconds=30)
REPLAY = "`commerce-events replay --dry-run` shows why, without it what passes goes back in line"
REREAD = "`commerce-events replay --rejects` reads them again"

T = TypeVar("T")
Answer = tuple[T, str]


def settings() -> Answer[Settings]:
    found = connections.settings()
    names = f"stores {', '.join(found.stores)}; destinations {', '.join(found.destinations)}"
    return found, f"{include_folder() / SETTINGS_FILE}: {names}"


def contracts() -> Answer[Contracts]:
    folder = include_folder() / "contracts" / "segment"
    return Contracts.load(folder), f"{len(list(folder.glob('*.json')))} in {folder}"


def templates(settings: Settings) -> Answer[Templates]:
    """One by one: each mistake is told, not only the first."""
    folder, files = include_folder() / "templates", settings.templates()
    faults = [fault for file in files if (fault := _fault(folder, file))]
    if faults:
        raise ConfigurationError("\n".join(faults))
    return Templates.load(folder, files), f"{len(files)} compile, in {folder}"


def _fault(folder: Path, file: str) -> str | None:
    try:
        Templates.load(folder, [file])
    except ConfigurationError as error:
        return str(error)
    return None


def golden(settings: Settings, cases: Path) -> Answer[int]:
    include = include_folder()
    results = run_golden(include / "templates", include / "contracts", cases, settings.templates())
    failed = sum(not result.passed for result in results)
    if failed:
        raise AttentionError(f"{failed} of {len(results)} fail: `commerce-events templates test` shows where")
    return len(results), f"{len(results)} hold, in {cases}"


def ledger() -> Answer[Ledger]:
    ledger = connections.open_ledger(reads_only=True)
    return ledger, f"{whereabouts(ledger.engine.url)}; schema and recipe of ids are this version's"


def pool() -> Answer[int]:
    slots = pools.backfill_slots()
    return slots, f"{pools.BACKFILL}: {'all' if slots < 0 else slots} windows of backfills at once"


def namespace(name: str, store: Store, ledger: Ledger | None) -> Answer[bool]:
    connections.refuse_the_sandbox_namespace(store, ElasticPathHook(store.connection).settings().base_url)
    if ledger is not None:
        ledger.charter.accept_store(name, store.namespace)
    return True, f"{store.namespace}; never change it"


def connection(store: Store) -> Answer[datetime]:
    answer = ElasticPathHook(store.connection).client(BRIEF).get("/v2/orders", {"page[limit]": "1"})
    said = "logs in and reads an order" if answer.body.get("data") else "logs in; there is no order yet"
    return answer.served_at, f"connection {store.connection} {said}"


def clock(served_at: datetime) -> Answer[timedelta]:
    skew = now() - served_at
    if abs(skew) > MOST_SKEW:
        side = "ahead of" if skew > timedelta() else "behind"
        raise ConfigurationError(
            f"this machine's clock is {abs(skew).total_seconds():,.0f} seconds {side} the store's: "
            "set it, for Segment moves the time of every message by such a difference"
        )
    return skew, "agrees with this machine's"


def destination(destination: Destination) -> Answer[bool]:
    if destination.folder is not None:
        return _shadow(shadow_folder(destination.folder))
    passed, says = SegmentHook(destination.connection).test_connection()
    if not passed:
        raise ConfigurationError(f"connection {destination.connection}: {says}")
    return True, f"connection {destination.connection}: {says}"


def _shadow(folder: Path) -> Answer[bool]:
    """It is made with the first message; what is there already must be nobody else's to read."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        raise ConfigurationError(f"{there} is no folder that can be written to")
    if there == folder and folder.stat().st_mode & 0o077:
        raise ConfigurationError(f"others can read {folder}, which holds personal data: chmod 700 it")
    return True, f"a shadow in {folder}; its files hold personal data, also of people who are erased later"


def write_key(name: str) -> Answer[bool]:
    """Whether it leads anywhere, which only Segment's Public API tells."""
    if name not in reconciling.destinations():
        return False, "whether it is a source's cannot be told without a connection to the Public API"
    source = reconciling.open_far_end(name).source()
    return True, f"belongs to Segment's source {source.name}"


def erasure(store: Store) -> Answer[bool]:
    """Whether who is erased here is erased at Segment too; nobody has to want that."""
    wanted = store.erasure
    if wanted.regulation == "none":
        return False, "Segment is not asked to erase anybody: erasure.regulation = 'none'"
    if connections.open_public_api(store) is None:
        return False, f"there is no connection {wanted.connection}: who is erased here stays at Segment"
    passed, says = SegmentPublicApiHook(wanted.connection).test_connection()
    if not passed:
        raise ConfigurationError(f"connection {wanted.connection}: {says}")
    return True, f"connection {wanted.connection}: {says}"


def people(ledger: Ledger) -> Answer[int]:
    """Two ids of one person are no fault of ours; an erasure that failed is somebody's to finish."""
    conflicts, left = len(ledger.people.conflicts()), ledger.regulations.left_to_people()
    if left:
        raise AttentionError(f"{left} erasures ended badly: `commerce-events erase --status` shows where")
    if conflicts:
        return conflicts, f"conflicts {conflicts}; `commerce-events ledger conflicts` names them"
    return conflicts, "nobody shares an address or a browser with somebody else"


def waiting(ledger: Ledger) -> Answer[int]:
    groups = ledger.waiting.groups(Choice())
    dead = sum(group.count for group in groups if group.status == Status.DEAD)
    quarantined = sum(group.count for group in groups) - dead
    rejects = sum(count for *_, count in ledger.reports.open_rejects())
    says = f"quarantined {quarantined}, dead {dead}, unreadable records {rejects}"
    if quarantined or dead:
        says += f"; {REPLAY}"
    if rejects:
        says += f"; {REREAD}"
    if dead:
        raise AttentionError(says)
    return quarantined + rejects, says


def day(ledger: Ledger, health: Health, stores: Mapping[str, Store]) -> Answer[int]:
    counts = report_run(ledger, health, now=now(), stores=stores)
    late = f"the oldest unsent message has waited {counts['lag_seconds'] // 60} minutes"
    return counts[
        "rows"
    ], f"{counts['rows']} messages recorded; {late if counts['lag_seconds'] else 'none is late'}"
