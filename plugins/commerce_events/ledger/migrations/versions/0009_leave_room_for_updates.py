"""Leave room for updates, and compress once: how Postgres stores what a backfill writes most of.

A delivery is updated twice or more. With room left on its page, the first of these touches no index.
Bodies and inputs are bytes that are packed already, or too short for it to pay: Postgres tried each time.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

PARTS = 4


def upgrade() -> None:
    _store("EXTERNAL", "SET (fillfactor = 50)")


def downgrade() -> None:
    _store("EXTENDED", "RESET (fillfactor)")


def _store(storage: str, room: str) -> None:
    """Rows that are there stay as they are. The months of `payload` follow it, those to come too."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for column in ("body", "input"):
        op.execute(f"ALTER TABLE payload ALTER COLUMN {column} SET STORAGE {storage}")
    for part in range(PARTS):
        op.execute(f"ALTER TABLE delivery_{part} {room}")
