"""The ledger's schema: its version, and bringing it up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from commerce_events.domain.errors import ConfigurationError

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Bring the schema to this version; safe to run again and from two processes at once.

    Raises ConfigurationError where a newer version has been at work.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7305808869231650)")
        try:
            command.upgrade(_config(connection), "head")
        except CommandError as error:
            found = MigrationContext.configure(connection).get_current_revision()
            raise ConfigurationError(
                f"The ledger's schema is at {found}, which this version does not know: "
                "a newer version wrote it, and only that one can use it"
            ) from error


def require_current(engine: Engine) -> None:
    """Raise unless the schema is this version's."""
    found, wanted = revisions(engine)
    if found != wanted:
        raise ConfigurationError(
            f"The ledger's schema is at {found or 'nothing'}, this version needs {wanted}: "
            "run `commerce-events ledger migrate`"
        )


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """The schema's revision as found, and as this version wants it."""
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found, ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
