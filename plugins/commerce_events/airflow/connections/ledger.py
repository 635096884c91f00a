"""The ledger, opened."""

import logging

from commerce_events.airflow.ledger_url import ledger_url
from commerce_events.ledger.engine import open_engine
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.schema import migrate, revisions

logging.getLogger("alembic").setLevel(logging.WARNING)  # it greets whoever looks at a schema


def open_ledger(*, reads_only: bool = False) -> Ledger:
    """The ledger, checked. A SQLite file has nobody to look after it, so it is brought up to date here."""
    engine = open_engine(ledger_url())
    if engine.dialect.name == "sqlite" and len(set(revisions(engine))) > 1:
        migrate(engine)
    return Ledger(engine, reads_only=reads_only)
