"""Create the ledger."""

import sqlalchemy as sa
from alembic import op

from commerce_events.ledger.columns import Counter, Id

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE delivery_seq")  # SQLite counts in `meta`
    op.create_table(
        "batch",
        sa.Column("id", Id(), nullable=False),
        sa.Column("destination", sa.String(length=100), nullable=False),
        sa.Column("token", Id(), nullable=False),
        sa.Column("event_ids", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_batch_sent", "batch", ["destination", "sent_at"])
    op.create_table(
        "daily",
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("stream", sa.String(length=50), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("destination", sa.String(length=100), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store", "stream", "day", "kind", "destination", "status"),
    )
    op.create_table(
        "delivery",
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("destination", sa.String(length=100), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("maybe_sent", sa.Integer(), nullable=False),
        sa.Column("batch_id", Id(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "destination"),
    )
    op.create_index(
        "ix_delivery_pending",
        "delivery",
        ["destination", "lane", "priority", "seq"],
        postgresql_where=sa.text("status = 'pending'"),
        sqlite_where=sa.text("status = 'pending'"),
    )
    op.create_index("ix_delivery_recorded", "delivery", ["recorded_at"])
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["destination", "status", "reason", "seq"],
        postgresql_where=sa.text("status IN ('quarantined', 'dead')"),
        sqlite_where=sa.text("status IN ('quarantined', 'dead')"),
    )
    op.create_table(
        "fact",
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("stream", sa.String(length=50), nullable=False),
        sa.Column("record_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("part", sa.String(length=50), nullable=False),
        sa.Column("revision", sa.String(length=200), nullable=False),
        sa.Column("correction", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("captured_at", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.String(length=20), nullable=False),
        sa.Column("run_id", sa.String(length=250), nullable=True),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("ix_fact_record", "fact", ["store", "stream", "record_id"])
    op.create_table(
        "gate",
        sa.Column("destination", sa.String(length=100), nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("next_free", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("destination"),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_table(
        "lane",
        sa.Column("destination", sa.String(length=100), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("token", Id(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("destination", "lane"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "payload",
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("destination", sa.String(length=100), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("input", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "destination"),
    )
    op.create_table(
        "record",
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("stream", sa.String(length=50), nullable=False),
        sa.Column("record_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_updated_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash_version", sa.SmallInteger(), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("store", "stream", "record_id"),
    )
    op.create_table(
        "reject",
        sa.Column("id", Id(), nullable=False),
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("stream", sa.String(length=50), nullable=False),
        sa.Column("record_id", sa.String(length=200), nullable=True),
        sa.Column("page_ref", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_reject_record", "reject", ["store", "stream", "record_id"])
    op.create_table(
        "scan",
        sa.Column("id", Counter, autoincrement=True, nullable=False),
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("stream", sa.String(length=50), nullable=False),
        sa.Column("door", sa.String(length=20), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_scan_open",
        "scan",
        ["store", "stream", "door"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "stream",
        sa.Column("store", sa.String(length=100), nullable=False),
        sa.Column("stream", sa.String(length=50), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("store", "stream"),
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE delivery_seq")
    op.drop_table("stream")
    op.drop_index("ix_scan_open", table_name="scan", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("scan")
    op.drop_index("ix_reject_record", table_name="reject")
    op.drop_table("reject")
    op.drop_table("record")
    op.drop_table("payload")
    op.drop_table("meta")
    op.drop_table("lane")
    op.drop_table("inbox")
    op.drop_table("gate")
    op.drop_index("ix_fact_record", table_name="fact")
    op.drop_table("fact")
    op.drop_index(
        "ix_delivery_waiting",
        table_name="delivery",
        postgresql_where=sa.text("status IN ('quarantined', 'dead')"),
        sqlite_where=sa.text("status IN ('quarantined', 'dead')"),
    )
    op.drop_index("ix_delivery_recorded", table_name="delivery")
    op.drop_index(
        "ix_delivery_pending",
        table_name="delivery",
        postgresql_where=sa.text("status = 'pending'"),
        sqlite_where=sa.text("status = 'pending'"),
    )
    op.drop_table("delivery")
    op.drop_table("daily")
    op.drop_index("ix_batch_sent", table_name="batch")
    op.drop_table("batch")
