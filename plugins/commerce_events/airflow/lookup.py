"""Finding an Airflow connection: in a task, in Airflow's servers, and from a plain command line."""

import os
from typing import Any

from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import CommsDecoder, ErrorResponse, GetConnection
from sqlalchemy.exc import SQLAlchemyError

from commerce_events.domain.errors import ConfigurationError, TransientError


def connection(conn_id: str) -> Connection:
    """The connection; ConfigurationError if Airflow has none of that name."""
    found = find(conn_id)
    if found is None:
        raise ConfigurationError(
            f"Airflow has no connection {conn_id}: add it under Admin > Connections, "
            f"or set AIRFLOW_CONN_{conn_id.upper()}"
        )
    return found


def find(conn_id: str) -> Connection | None:
    """The connection, or None if it is certain that there is none.

    Airflow says "not defined" also when it could not look; whoever has a default must know which it was.
    """
    if _supervisor() is None:
        # Airflow lets only processes that call themselves servers read its database; a command is none.
        os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        _confirm_readable(conn_id)
        _confirm_absence(conn_id)
        return None


def _confirm_readable(conn_id: str) -> None:
    """Airflow takes one that it cannot parse in the environment for none, and says so to nobody."""
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    if os.environ.get(variable):
        raise ConfigurationError(
            f"{variable} is set, and is neither a URI nor JSON that Airflow can read; in a URI, what is not "
            "a letter or a digit in the user's name and the password must be percent-encoded"
        )


def _confirm_absence(conn_id: str) -> None:
    supervisor = _supervisor()
    if supervisor is not None:
        _confirm_by_supervisor(supervisor, conn_id)
    else:
        _confirm_by_database(conn_id)


def _confirm_by_supervisor(supervisor: CommsDecoder[Any, Any], conn_id: str) -> None:
    """In a task: its supervisor asks Airflow's API, and tells a missing connection from a failure."""
    try:
        answer = supervisor.send(GetConnection(conn_id=conn_id))
    except AirflowRuntimeError as error:
        answer = error.error
    if not (isinstance(answer, ErrorResponse) and answer.error == ErrorType.CONNECTION_NOT_FOUND):
        raise TransientError(f"Airflow could not say whether there is a connection {conn_id}")


def _confirm_by_database(conn_id: str) -> None:
    # Imported here: in a task this module must not touch what belongs to Airflow's servers.
    from airflow.secrets.metastore import MetastoreBackend

    try:
        found = MetastoreBackend().get_connection(conn_id)
    except SQLAlchemyError as error:
        raise ConfigurationError(
            f"Airflow's database could not be asked for connection {conn_id} ({type(error).__name__}): "
            f"run `airflow db migrate`, or set AIRFLOW_CONN_{conn_id.upper()}"
        ) from None
    if found is not None:
        raise TransientError(f"Airflow could not read connection {conn_id} although it has it")


def _supervisor() -> CommsDecoder[Any, Any] | None:
    """The task's way to Airflow; None outside of a task."""
    return getattr(task_runner, "SUPERVISOR_COMMS", None)
