"""The webhook door alone in uvicorn, on one core: the web application and a ledger, without Airflow."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from subprocess import PIPE, Popen

import psutil
import uvicorn
from fastapi import HTTPException

from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.web.app import create_app
from commerce_events.web.door import WebhookDoor
from commerce_events.web.keyring import Keyring
from commerce_events.web.postbox import Postbox

SECRET = "a-secret-of-the-benchmark"
PATH = "/webhooks/elasticpath/main"


@contextmanager
def door_server(ledger: Ledger) -> Iterator[tuple[str, psutil.Process]]:
    """Its address, and the process that serves it."""
    url = ledger.engine.url.render_as_string(hide_password=False)
    with Popen([sys.executable, "-m", __name__, url], stdout=PIPE, text=True) as process:
        try:
            port = process.stdout.readline() if process.stdout else ""
            yield f"http://127.0.0.1:{int(port)}{PATH}", psutil.Process(process.pid)
        finally:
            process.kill()


def serve(url: str) -> None:
    psutil.Process().cpu_affinity([0])
    ledger = Ledger(open_engine(url))

    def keep(hints: object) -> object:
        return ledger.inbox.keep(hints, datetime.now(UTC))  # type: ignore[arg-type]

    door = WebhookDoor(Keyring(lambda: {"main": (SECRET,)}), Postbox(keep))
    app = create_app(_nobody, lambda: ledger, door)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    with server.config.bind_socket() as listening:
        listening.listen(512)  # callers wait from here on until it serves
        print(listening.getsockname()[1], flush=True)
        server.run(sockets=[listening])


def _nobody() -> None:
    raise HTTPException(401)


if __name__ == "__main__":
    serve(sys.argv[1])
