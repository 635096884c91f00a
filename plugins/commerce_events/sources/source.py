"""What capture asks of a store, whatever its kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from commerce_events.domain.records import Page, Record, Reject


class Source(Protocol):
    """One store to read from. Every method may raise TransientError or ConfigurationError."""

    def changed_since(self, start: datetime, stream: str, after: str | None = None) -> Iterator[Page]:
        """Everything updated at or after `start`, without a gap; a record may come twice.

        At least one page comes, even from an empty store: its `served_at` is the store's clock. `after` is
        the cursor of a page that was kept, and resumes behind it. Records are as the list shows them:
        what costs a request of its own is added by `complete`.
        """

    def complete(self, record: Record) -> Record | Reject:
        """The record with what its payments tell: refunds, and when it was authorised and paid.

        `digest` stays: it is about what the list shows, so that an unchanged record needs no completion.
        """

    def read(self, stream: str, record_id: str) -> Record | Reject:
        """One record by its id, complete."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a store's documents are understood, from its configuration."""

    store: str
    shipping_skus: Sequence[str] = ()
    tax_skus: Sequence[str] = ()
    anonymous_id_field: str | None = None  # a dotted path into the order
    test_filter: Mapping[str, Sequence[str]] = field(
        default_factory=dict
    )  # dotted path = patterns; any matches
    currencies: Mapping[str, int] = field(default_factory=dict)  # exponents the store no longer tells
    payments_with_transactions: frozenset[str] = frozenset({"paid", "refunded", "partially_paid"})
