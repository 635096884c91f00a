"""Runs pieces of the pipeline in processes of their own: `python -m proofs.worker`, spoken to by `workers`.

Each job is forked from this process, which has everything imported: a death costs milliseconds. A process
that has ended stays a zombie until it is asked for, so that its number cannot become another's.
"""

import json
import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from traceback import print_exc
from typing import Any

from pipeline import LeapingClock, Pipeline, settings

from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath.paging import Limits


@dataclass
class Elsewhere:
    """A stand-in that runs in the test's process."""

    url: str
    client_id: str = ElasticPathStandIn.client_id
    client_secret: str = ElasticPathStandIn.client_secret


def work(job: dict[str, Any]) -> None:
    line: Any = Pipeline(
        Ledger(open_engine(job["ledger"])),
        Elsewhere(job["shop"]),  # type: ignore[arg-type]
        Elsewhere(job["segment"]),  # type: ignore[arg-type]
        settings(),
        LeapingClock(),
        Limits(page=job["page"], wall=job["wall"]),
        job["parcel"],
        timedelta(seconds=job["budget"]),
    )
    line.clock.sleep(job["ahead"])
    for step in job["steps"]:
        getattr(line, step)()


def start(job: dict[str, Any]) -> int:
    process = os.fork()
    if process:
        return process
    try:
        work(job)
    except BaseException:  # noqa: BLE001 - whatever it was, the test must hear of it and the loop not go on
        print_exc()
        os._exit(1)
    os._exit(0)


def main() -> None:
    for asked in sys.stdin:
        wanted = json.loads(asked)
        answer = os.waitpid(wanted, 0)[1] if isinstance(wanted, int) else start(wanted)
        print(answer, flush=True)


if __name__ == "__main__":
    main()
