"""The tables of backfills: what was planned, and how far it is."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from commerce_events.ledger.tables import metadata

# Backfills as they were planned. `wish` is what was asked for, as JSON; `live_at` is the store's own start.
plan = Table(
    "plan",
    metadata,
    Column("id", String(50), primary_key=True),
    Column("store", String(100), nullable=False),
    Column("wish", Text, nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("to_at", BigInteger, nullable=False),
    Column("fence_at", BigInteger),
    Column("live_at", BigInteger, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("run_id", String(250)),
    Column("made_at", BigInteger, nullable=False),
    Column("begun_at", BigInteger),
    Column("cancelled_at", BigInteger),
    Column("done_at", BigInteger),
)
Index("ix_plan_store", plan.c.store, plan.c.made_at)

# The windows of a plan, and how far each has been captured. `counted` is what the store said at planning.
plan_window = Table(
    "plan_window",
    metadata,
    Column("plan", String(50), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("stream", String(50), nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger, nullable=False),
    Column("counted", Integer),
    Column("read", Integer, nullable=False),
    Column("cursor", Text),
    Column("done_at", BigInteger),
)
