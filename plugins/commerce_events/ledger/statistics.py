"""What Postgres plans by: how large tables are, and what stands in them. It counts by itself, but not soon
enough while a backfill fills them, and never a split table as a whole.

Of a table that it takes for empty it reads all, rather than seek one row: a batch's end then takes the longer
the more there is, 80 ms instead of 2 behind 40,000 orders.
"""

from dataclasses import dataclass

from sqlalchemy import text

from commerce_events.ledger.database import Database

# Tables in which rows are sought by their keys, a page or a batch at a time.
SOUGHT = ("record", "fact", "delivery", "payload", "batch", "person", "person_key", "purchase")

# Half as much again as when it was last counted. Postgres itself waits for a tenth, and for its next minute.
_GROWN = text(
    """
    SELECT DISTINCT coalesce(whole.relname, part.relname)
    FROM pg_stat_user_tables AS seen
    JOIN pg_class AS part ON part.oid = seen.relid
    LEFT JOIN pg_inherits ON inhrelid = part.oid
    LEFT JOIN pg_class AS whole ON whole.oid = inhparent
    WHERE seen.schemaname = current_schema() AND coalesce(whole.relname, part.relname) = ANY(:tables)
      AND seen.n_mod_since_analyze > 1000 + greatest(part.reltuples, 0) / 2
    """
)


@dataclass(frozen=True, slots=True)
class Statistics:
    database: Database

    def count_what_grew(self) -> list[str]:
        """Count again the tables that have grown much since they were counted; returns which.

        A question of a millisecond where there is nothing to do, as always on SQLite, which plans without.
        """
        if self.database.engine.dialect.name != "postgresql":
            return []
        with self.database.read() as connection:
            grown = sorted(connection.scalars(_GROWN, {"tables": list(SOUGHT)}))
        for table in grown:
            with self.database.write() as connection:
                # Who else counts it now, counts it for us too.
                connection.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {table}")
        return grown
