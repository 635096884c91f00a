"""Know people, and who was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("regulation_id", sa.String(length=100), nullable=True),
        sa.Column("filed_at", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=50), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.Column("followed_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("store", "value"),
    )
    op.create_index("ix_erasure_regulation", "erasure", ["regulation_id"])
    op.create_table(
        "person",
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("derived", sa.BigInteger(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("consent_at", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("address_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("store", "person"),
    )
    op.create_index(
        "ix_person_behind",
        "person",
        ["store", "person"],
        postgresql_where=sa.text("changes > derived"),
        sqlite_where=sa.text("changes > derived"),
    )
    op.create_table(
        "person_conflict",
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("other", sa.String(length=200), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store", "kind", "value", "other"),
    )
    op.create_table(
        "person_key",
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("store", "kind", "value"),
    )
    op.create_index("ix_person_key_person", "person_key", ["store", "person"])
    op.create_table(
        "purchase",
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("record_id", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("ordered_at", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("exponent", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("store", "record_id"),
    )
    op.create_index("ix_purchase_person", "purchase", ["store", "person", "ordered_at"])
    op.create_index("ix_record_person", "record", ["store", "person"])
    op.create_table(
        "tombstone",
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store", "value"),
    )


def downgrade() -> None:
    op.drop_index("ix_record_person", table_name="record")
    op.drop_table("tombstone")
    op.drop_index("ix_purchase_person", table_name="purchase")
    op.drop_table("purchase")
    op.drop_index("ix_person_key_person", table_name="person_key")
    op.drop_table("person_key")
    op.drop_table("person_conflict")
    op.drop_index(
        "ix_person_behind",
        table_name="person",
        postgresql_where=sa.text("changes > derived"),
        sqlite_where=sa.text("changes > derived"),
    )
    op.drop_table("person")
    op.drop_index("ix_erasure_regulation", table_name="erasure")
    op.drop_table("erasure")
