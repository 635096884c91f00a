"""The tables of people: who is known by what, what they spent, who was erased."""

from sqlalchemy import BigInteger, Boolean, Column, Index, SmallInteger, String, Table, Text, text

from commerce_events.ledger.tables import metadata

# One row for each person with an id of the store's own. `changes` counts what touched their orders, and
# `derived` up to which change their traits have been worked out.
person = Table(
    "person",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("person", String(200), primary_key=True),
    Column("changes", BigInteger, nullable=False),
    Column("derived", BigInteger, nullable=False),
    Column("consent", Text),
    Column("consent_at", BigInteger),
    Column("address", Text),
    Column("address_at", BigInteger),
)
_BEHIND = text("changes > derived")
Index("ix_person_behind", person.c.store, person.c.person, postgresql_where=_BEHIND, sqlite_where=_BEHIND)

# Who is known by which e-mail hash or browser id. Whoever was first keeps it; others are conflicts.
person_key = Table(
    "person_key",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("kind", String(20), primary_key=True),  # email | anonymous
    Column("value", String(200), primary_key=True),
    Column("person", String(200), nullable=False),
    Column("known", Boolean, nullable=False),  # whether `person` is an id of the store's own
)
Index("ix_person_key_person", person_key.c.store, person_key.c.person)

# Two people who share a key: reported, never merged silently.
person_conflict = Table(
    "person_conflict",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("value", String(200), primary_key=True),
    Column("other", String(200), primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
)

# What each order adds to its buyer's totals as it stands now.
purchase = Table(
    "purchase",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("record_id", String(200), primary_key=True),
    Column("person", String(200), nullable=False),
    Column("ordered_at", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("exponent", SmallInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),  # minor units, less what was refunded
    Column("counted", Boolean, nullable=False),
)
Index("ix_purchase_person", purchase.c.store, purchase.c.person, purchase.c.ordered_at)

# Who was erased, as keyed hashes of their ids: nothing about them leaves again.
tombstone = Table(
    "tombstone",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("value", String(64), primary_key=True),
    Column("erased_at", BigInteger, nullable=False),
)

# Erasures on their way to the end at the destination; the id goes when nobody needs it any more.
erasure = Table(
    "erasure",
    metadata,
    Column("store", String(100), primary_key=True),
    Column("value", String(64), primary_key=True),  # the tombstone
    Column("user_id", String(200)),
    Column("asked_at", BigInteger, nullable=False),
    Column("regulation_id", String(100)),
    Column("filed_at", BigInteger),
    Column("status", String(50)),
    Column("detail", String(500)),
    Column("followed_at", BigInteger),
    Column("ended_at", BigInteger),
)
Index("ix_erasure_regulation", erasure.c.regulation_id)
