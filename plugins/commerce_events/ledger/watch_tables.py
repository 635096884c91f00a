"""The tables of what is watched, and of what people decided."""

from sqlalchemy import BigInteger, Column, Float, Index, String, Table

from commerce_events.ledger.columns import Counter, Id
from commerce_events.ledger.tables import metadata

# What a person decided about a message, and why. Never what stood in it.
audit = Table(
    "audit",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("who", String(200), nullable=False),
    Column("action", String(20), nullable=False),  # edited | discarded | corrected
    Column("event_id", Id, nullable=False),
    Column("destination", String(100), nullable=False),
    Column("why", String(500), nullable=False),
    Column("detail", String(500)),
)
Index("ix_audit_event", audit.c.event_id)

# How each thing that is watched stands (`level`), and what was last told of it (`told`). Where the two
# differ somebody must hear of it; `telling_until` keeps two runs from saying it both.
alert = Table(
    "alert",
    metadata,
    Column("rule", String(50), primary_key=True),
    Column("scope", String(200), primary_key=True),
    Column("level", String(20), nullable=False),  # ok | warning | critical
    Column("told", String(20), nullable=False),
    Column("value", Float, nullable=False),
    Column("says", String(500), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("telling_until", BigInteger, nullable=False),
)
