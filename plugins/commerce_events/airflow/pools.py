"""The pool that limits how many windows of backfills are read at once, and how it is made."""

from sqlalchemy.exc import SQLAlchemyError

from commerce_events.domain.errors import ConfigurationError

BACKFILL = "commerce_backfill"
MAKE = ("pools", "set", BACKFILL, "4", "windows of backfills")  # what `airflow` is told to make it
COMMAND = f'airflow pools set {BACKFILL} 4 "windows of backfills"'


def backfill_slots() -> int:
    """How many windows are read at once; below zero: as many as there are.

    Airflow never starts a task whose pool is missing or has no slots, and says so nowhere but in the list of
    warnings: that is a ConfigurationError here.
    """
    # Imported here: in a task this module must not touch what belongs to Airflow's servers.
    from airflow.models.pool import Pool

    try:
        found = Pool.get_pool(BACKFILL)
    except SQLAlchemyError as error:
        raise ConfigurationError(
            f"Airflow's database could not be asked for pool {BACKFILL} ({type(error).__name__}): "
            "run `airflow db migrate`"
        ) from None
    if found is None or found.slots == 0:
        lack = "is no pool" if found is None else "are no slots in pool"
        raise ConfigurationError(f"there {lack} {BACKFILL}, so no window of a backfill is read: `{COMMAND}`")
    return found.slots
