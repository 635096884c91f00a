"""The ledger's tables. Times are microseconds since 1970 UTC; bodies stand apart from what is counted.

Unique keys hold no time, so that record, fact and delivery can be split by hash one day: a month inside
a key would let the same fact in twice.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from commerce_events.ledger.columns import Counter, Id

metadata = MetaData()

# What may never change under a ledger: each store's namespace, the recipe of ids, the key of hashed ids.
meta = Table(
    "meta",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("value", Text, nullable=False),
)

# Up to where each stream has been captured without a gap.
stream = Table(
    "stream",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("stream", String(50), primary_key=True),
    Column("watermark", BigInteger, nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("complete", Boolean, nullable=False),  # whether a scan from `start_at` has ever ended
)

# One pass over a stream. An unfinished one is resumed at its cursor; `began_at` is the store's clock.
scan = Table(
    "scan",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("store", String(100), nullable=False),
    Column("stream", String(50), nullable=False),
    Column("door", String(20), nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("began_at", BigInteger),
    Column("cursor", Text),
    Column("done_at", BigInteger),
)
Index("ix_scan_open", scan.c.store, scan.c.stream, scan.c.door, postgresql_where=scan.c.done_at.is_(None))

# The last known state of each record; `version` decides who of two captures wrote first.
record = Table(
    "record",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("stream", String(50), primary_key=True),
    Column("record_id", String(200), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("source_updated_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("hash_version", SmallInteger, nullable=False),
    Column("person", String(200)),
    Column("created_at", BigInteger, nullable=False),
    Column("erased", Boolean, nullable=False),
)

Index("ix_record_person", record.c.store, record.c.person)
Index("ix_record_created", record.c.store, record.c.stream, record.c.created_at)

# What happened, told once: the key is computed from the fact itself.
fact = Table(
    "fact",
    metadata,
    Column("event_id", Id, primary_key=True),
    Column("store", String(100), nullable=False),
    Column("stream", String(50), nullable=False),
    Column("record_id", String(200), nullable=False),
    Column("kind", String(50), nullable=False),
    Column("part", String(50), nullable=False),
    Column("revision", String(200), nullable=False),
    Column("correction", Integer, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("captured_at", BigInteger, nullable=False),
    Column("door", String(20), nullable=False),
    Column("run_id", String(250)),
)
Index("ix_fact_record", fact.c.store, fact.c.stream, fact.c.record_id)

# What became of one fact at one destination. `maybe_sent` counts attempts that may have been taken.
delivery = Table(
    "delivery",
    metadata,
    Column("event_id", Id, primary_key=True),
    Column("destination", String(100), primary_key=True),
    Column("lane", SmallInteger, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("status", String(20), nullable=False),
    Column("reason", String(100)),
    Column("detail", String(500)),  # where in the message, never what stood there
    Column("attempts", Integer, nullable=False),
    Column("maybe_sent", Integer, nullable=False),
    Column("batch_id", Id),
    Column("recorded_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
)
_PENDING = text("status = 'pending'")
_WAITING = text("status IN ('quarantined', 'dead')")
Index(
    "ix_delivery_pending",
    delivery.c.destination,
    delivery.c.lane,
    delivery.c.priority,
    delivery.c.seq,
    postgresql_where=_PENDING,
    sqlite_where=_PENDING,
)
Index(
    "ix_delivery_waiting",
    delivery.c.destination,
    delivery.c.status,
    delivery.c.reason,
    delivery.c.seq,
    postgresql_where=_WAITING,
    sqlite_where=_WAITING,
)
Index("ix_delivery_recorded", delivery.c.recorded_at)

# The bytes to send and what they were rendered from: personal data, dropped first by retention.
payload = Table(
    "payload",
    metadata,
    Column("event_id", Id, primary_key=True),
    Column("destination", String(100), primary_key=True),
    Column("month", Integer, nullable=False),  # 202611
    Column("body", LargeBinary),
    Column("input", LargeBinary),
)

# People are hashed into lanes; a lane is leased, and every closing write names the lease's token.
lane = Table(
    "lane",
    metadata,
    Column("destination", String(100), primary_key=True),
    Column("lane", SmallInteger, primary_key=True),
    Column("token", Id),
    Column("leased_until", BigInteger, nullable=False),
    Column("blocked_until", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
)

# One per destination, and one per store that is read, as store:NAME: the pause switch, the rate that all
# workers share, and the part of it for backfills.
gate = Table(
    "gate",
    metadata,
    Column("destination", String(100), primary_key=True),
    Column("blocked_until", BigInteger, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("next_free", BigInteger, nullable=False),
    Column("backfill_free", BigInteger, nullable=False, server_default="0"),
    Column("backfill_share", Float, nullable=False, server_default="1"),
)

# Each request to a destination, written before it is made.
batch = Table(
    "batch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("destination", String(100), nullable=False),
    Column("token", Id, nullable=False),
    Column("event_ids", LargeBinary, nullable=False),  # 16 bytes each, in the order sent
    Column("sent_at", BigInteger, nullable=False),
    Column("status", String(20), nullable=False),  # sent | accepted | refused | postponed
    Column("bytes", Integer, nullable=False),
    Column("answer", String(200)),
)
Index("ix_batch_sent", batch.c.destination, batch.c.sent_at)

# Records that could not be read. The same unreadable record is one row.
reject = Table(
    "reject",
    metadata,
    Column("id", Id, primary_key=True),
    Column("store", String(100), nullable=False),
    Column("stream", String(50), nullable=False),
    Column("record_id", String(200)),
    Column("page_ref", Text),
    Column("reason", String(100), nullable=False),
    Column("detail", String(500), nullable=False),
    Column("body", LargeBinary),
    Column("seen_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
)
Index("ix_reject_record", reject.c.store, reject.c.stream, reject.c.record_id)

# What event doors hand in: that something happened to a record. The body goes when a hint has ended.
inbox = Table(
    "inbox",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("event_id", String(200), primary_key=True),
    Column("door", String(20), nullable=False),
    Column("trigger", String(100), nullable=False),
    Column("stream", String(50)),
    Column("record_id", String(200)),
    Column("source_at", BigInteger),  # the record's last change, as the hint tells it
    Column("received_at", BigInteger, nullable=False),
    Column("body", LargeBinary),
    Column("attempts", Integer, nullable=False),
    Column("done_at", BigInteger),
    Column("outcome", String(20)),  # captured | known | ignored | rejected
    Column("reason", String(100)),
)
_UNREAD = text("done_at IS NULL")
Index(
    "ix_inbox_waiting",
    inbox.c.store,
    inbox.c.attempts,
    inbox.c.received_at,
    postgresql_where=_UNREAD,
    sqlite_where=_UNREAD,
)
Index("ix_inbox_record", inbox.c.store, inbox.c.stream, inbox.c.record_id)

# Deliveries by the day their fact happened, kept in the transactions that move them.
daily = Table(
    "daily",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("stream", String(50), primary_key=True),
    Column("day", String(10), primary_key=True),  # 2026-11-22
    Column("kind", String(50), primary_key=True),
    Column("destination", String(100), primary_key=True),
    Column("status", String(20), primary_key=True),
    Column("n", BigInteger, nullable=False),
)
