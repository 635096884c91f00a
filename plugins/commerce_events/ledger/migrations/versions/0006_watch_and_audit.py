"""Watch what changes, and remember what people decided."""

import sqlalchemy as sa
from alembic import op

from commerce_events.ledger.columns import Counter, Id

# Documented in docs/ledger.md for whoever reads the ledger with SQL: columns are added, never changed.
SECOND = 1_000_000


def _views(postgres: bool) -> dict[str, str]:
    def time(column: str) -> str:
        if postgres:
            return f"to_timestamp({column} / 1000000.0)"
        return f"strftime('%Y-%m-%dT%H:%M:%SZ', {column} / {SECOND}, 'unixepoch')"

    seconds = "extract(epoch FROM now())" if postgres else "strftime('%s', 'now')"
    now = f"CAST({seconds} AS BIGINT) * {SECOND}"
    digits = "lower(hex(d.event_id))"
    parts = [f"substr({digits}, {start}, {length})" for start, length in _UUID]
    event = "d.event_id" if postgres else " || '-' || ".join(parts)
    return {
        "v_delivery_daily": """
            SELECT store, stream, day, kind AS message, destination, status, n
            FROM daily WHERE n <> 0""",
        "v_accuracy_daily": f"""
            SELECT store, stream, day, in_store, accounted, healed,
                   CASE WHEN in_store = 0 THEN 1.0 ELSE accounted * 1.0 / in_store END AS accuracy,
                   {time("checked_at")} AS checked_at
            FROM accuracy""",
        "v_lag": f"""
            WITH waited AS (
                SELECT destination, recorded_at - recorded_at % {3600 * SECOND} AS begun, status,
                       (COALESCE(settled_at, {now}) - recorded_at) / 1000000.0 AS seconds
                FROM delivery
                WHERE status IN ('accepted', 'pending') AND recorded_at >= {now} - {7 * 86400 * SECOND}
            ), placed AS (
                SELECT destination, begun, status, seconds,
                       row_number() OVER (PARTITION BY destination, begun ORDER BY seconds) AS place,
                       count(*) OVER (PARTITION BY destination, begun) AS n
                FROM waited
            )
            SELECT destination, {time("begun")} AS hour, max(n) AS messages,
                   sum(CASE WHEN status = 'pending' THEN 1 ELSE 0 END) AS pending,
                   min(CASE WHEN place * 2 >= n THEN seconds END) AS p50_seconds,
                   min(CASE WHEN place * 20 >= n * 19 THEN seconds END) AS p95_seconds,
                   max(seconds) AS longest_seconds
            FROM placed GROUP BY destination, begun""",
        "v_dead_letters": f"""
            SELECT {event} AS event_id, d.destination, f.store, f.stream, f.record_id, f.kind AS message,
                   d.status, d.reason, d.detail, d.attempts,
                   CASE WHEN d.maybe_sent > 0 THEN 1 ELSE 0 END AS may_have_arrived,
                   {time("f.occurred_at")} AS occurred_at, {time("d.settled_at")} AS settled_at
            FROM delivery d JOIN fact f ON f.event_id = d.event_id
            WHERE d.status IN ('quarantined', 'dead')""",
    }


_UUID = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("rule", sa.String(length=50), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("told", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("says", sa.String(length=500), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("telling_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "scope"),
    )
    op.create_table(
        "audit",
        sa.Column("id", Counter, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("destination", sa.String(length=100), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_event", "audit", ["event_id"])
    for name, query in _views(op.get_bind().dialect.name == "postgresql").items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    for name in _views(postgres=True):
        op.execute(f"DROP VIEW {name}")
    op.drop_index("ix_audit_event", table_name="audit")
    op.drop_table("audit")
    op.drop_table("alert")
