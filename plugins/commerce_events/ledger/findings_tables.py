"""The tables of what reconciling found: how much is accounted for, and each difference by name.

Two kinds of differences, and they are kept apart. Between a store and the ledger there are ids, one row for
each record. Between the ledger and a destination there are only counts, by message and hour.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from commerce_events.ledger.columns import Counter
from commerce_events.ledger.tables import metadata

# One comparison. `scope` is a store or a destination; an unfinished one was cut off, and is made again.
reconciliation = Table(
    "reconciliation",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),  # store | refunds | destination
    Column("scope", String(100), nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("to_at", BigInteger, nullable=False),
    Column("run_id", String(250)),
    Column("began_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("found", Integer, nullable=False),  # differences that were not known before
    Column("healed", Integer, nullable=False),
    Column("noted", Integer, nullable=False),
    Column("still_open", Integer, nullable=False),
    Column("detail", String(500)),
)
Index("ix_reconciliation_scope", reconciliation.c.kind, reconciliation.c.scope, reconciliation.c.done_at)

# How much of what the store holds the ledger accounts for, by the day a record was created.
accuracy = Table(
    "accuracy",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("stream", String(50), primary_key=True),
    Column("day", String(10), primary_key=True),  # 2026-11-22
    Column("in_store", BigInteger, nullable=False),
    Column("accounted", BigInteger, nullable=False),  # what was healed is in it
    Column("healed", BigInteger, nullable=False),
    Column("checked_at", BigInteger, nullable=False),
)

# One record that differed, why, and what was done about it.
gap = Table(
    "gap",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("stream", String(50), primary_key=True),
    Column("record_id", String(200), primary_key=True),
    Column("reason", String(50), primary_key=True),
    Column("day", String(10), nullable=False),
    Column("state", String(20), nullable=False),  # healed | noted | open
    Column("detail", String(500)),
    Column("found_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("reconciliation_id", BigInteger, nullable=False),
)
Index("ix_gap_day", gap.c.store, gap.c.stream, gap.c.day)

# How much of what a destination took it says it has, by the day it was sent.
arrival = Table(
    "arrival",
    metadata,
    Column("destination", String(100), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("accepted", BigInteger, nullable=False),
    Column("missing", BigInteger, nullable=False),  # answered 200 and never counted
    Column("refused", BigInteger, nullable=False),  # discarded after the 200, with a reason
    Column("checked_at", BigInteger, nullable=False),
)

# Messages of one kind in one hour that did not get where they were sent, as counts: nobody tells which.
shortfall = Table(
    "shortfall",
    metadata,
    Column("destination", String(100), primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("message", String(200), primary_key=True),
    Column("stage", String(40), primary_key=True),
    Column("receiver", String(200), primary_key=True),  # behind the destination; empty: the destination
    Column("reason", String(100), primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("detail", String(500)),
    Column("found_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("reconciliation_id", BigInteger, nullable=False),
)
