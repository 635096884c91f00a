"""What capture asks of a store, whatever its kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from commerce_events.domain.records import Page, Record, Reject

# The reason of a reject whose record the store does not have, or has no more.
NOT_FOUND = "not_found"


class Source(Protocol):
    """One store to read from. Every method may raise TransientError or ConfigurationError."""

    def changed_since(self, start: datetime, stream: str, after: str | None = None) -> Iterator[Page]:
        """Everything updated at or after `start`, without a gap; a record may come twice.

        At least one page comes, even from an empty store: its `served_at` is the store's clock. `after` is
        the cursor of a page that was kept, and resumes behind it; a list that cannot be resumed (account
        members) begins again. Records are as the list shows them: what costs a request of its own is added
        by `complete`.
        """

    def created_between(
        self, start: datetime, end: datetime, stream: str, after: str | None = None
    ) -> Iterator[Page]:
        """Everything created at or after `start` and before `end`, in the same way.

        A record that changes meanwhile stays in it, and may come again as it is then.
        """

    def count(self, stream: str, start: datetime, end: datetime, **where: str) -> int | None:
        """How many records were created from `start` on and before `end`, with these values of `payment` or
        `status`. None where the store cannot say (account members).

        Costs one small request. A store that filters by the day counts days: that of `start` wholly, that of
        `end` not at all. Midnights in UTC are safe everywhere.
        """

    def filters_by_second(self, stream: str, at: datetime) -> bool:
        """Whether the store tells records of the day of `at` apart by the second; else it does by the day.

        Costs two small requests.
        """

    def completes(self, stream: str) -> bool:
        """Whether there are records of the stream that `complete` has something to ask for."""

    def is_complete(self, record: Record) -> bool:
        """Whether `complete` has nothing to ask for."""

    def complete(self, record: Record) -> Record | Reject:
        """An order with what its payments tell: refunds, and when it was authorised and paid.

        `digest` stays: it is about what the list shows, so that an unchanged record needs no completion.
        Customers are complete as they are.
        """

    def read(self, stream: str, record_id: str) -> Record | Reject:
        """One record by its id, complete; a reject of reason NOT_FOUND where the store has no such record."""

    def anything_before(self, start: datetime, stream: str) -> bool:
        """Whether the store holds records created before `start`: then a scan from there is not all there is.

        Costs one request.
        """


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
    customer_anonymous_id_field: str | None = None  # the same for customers; None: the orders' path
    consent_field: str | None = None  # a dotted path into orders and customers
    consent_category: str = "marketing"  # what a plain yes or no is about
