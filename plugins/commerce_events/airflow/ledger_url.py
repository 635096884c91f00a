"""Where the ledger is: the connection `commerce_ledger`, else a SQLite file beside Airflow's own."""

import os
from collections.abc import Mapping
from pathlib import Path

from airflow.configuration import conf, get_airflow_home
from airflow.sdk import Connection
from sqlalchemy import URL

from commerce_events.airflow.fields import mistake, required
from commerce_events.airflow.lookup import find
from commerce_events.domain.errors import ConfigurationError

CONNECTION = "commerce_ledger"
FILE = "commerce_ledger.db"
POSTGRES = "postgresql+psycopg"


def ledger_url() -> URL:
    """The ledger's database. Raises ConfigurationError naming what is wrong with the connection."""
    connection = find(CONNECTION)
    if connection is None:
        return _sqlite(FILE)
    match connection.conn_type:
        case "postgres" | "postgresql":
            return _postgres(connection)
        case "sqlite":
            # Airflow's form has the path in host; an address such as sqlite:////file.db has it in schema.
            return _sqlite(connection.host or required(connection, "schema", "path of the ledger's file"))
    raise mistake(connection, "type", f"is {connection.conn_type}; a ledger is postgres or sqlite")


def whereabouts(url: URL) -> str:
    """The ledger's place for people to read, without a password."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite file {url.database}"
    port = f":{url.port}" if url.port else ""
    return f"Postgres database {url.database} on {url.host or 'this machine'}{port}"


def _postgres(connection: Connection) -> URL:
    """From the fields: Airflow's own address says postgres://, which SQLAlchemy refuses."""
    return URL.create(
        POSTGRES,
        username=connection.login or None,
        password=connection.password or None,
        host=required(connection, "host", "name of the database server"),
        port=connection.port,
        database=required(connection, "schema", "name of the ledger's database"),
        query={key: str(value) for key, value in _options(connection.extra_dejson).items()},
    )


def _options(extra: Mapping[str, object]) -> dict[str, object]:
    """What libpq understands, such as sslmode; the rest of `extra` is for Airflow's own hook."""
    known = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name", "options")
    return {key: extra[key] for key in known if extra.get(key) not in (None, "")}


def _sqlite(path: str) -> URL:
    elsewhere = _remote_executors()
    if elsewhere:
        raise ConfigurationError(
            f"The ledger is a SQLite file, but {elsewhere} runs tasks where that file is not: "
            f"add an Airflow connection {CONNECTION} of type postgres"
        )
    return URL.create("sqlite", database=str(Path(get_airflow_home()) / path))


def _remote_executors() -> str:
    """The executors that may run a task on another machine; any but Airflow's local one might."""
    if os.environ.get("AIRFLOW_IS_K8S_EXECUTOR_POD"):
        return "KubernetesExecutor"  # its pods are told that they have a local executor
    named = [one.strip() for one in conf.get("core", "executor").split(",")]
    return ", ".join(one for one in named if one.rsplit(".", 1)[-1].rsplit(":", 1)[-1] != "LocalExecutor")
