"""Share the rates with backfills."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gate", sa.Column("backfill_free", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("gate", sa.Column("backfill_share", sa.Float(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("gate", "backfill_share")
    op.drop_column("gate", "backfill_free")
