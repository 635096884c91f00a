"""Packing: nothing lost, nothing reordered, no limit passed."""

import itertools
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.batches import Limits, pack
from commerce_events.domain.deliveries import Message

SIZES = st.lists(st.integers(1, 120), max_size=60)


def messages(sizes: list[int]) -> list[Message]:
    return [Message(UUID(int=n), 0, n, b"x" * size, 0, 0) for n, size in enumerate(sizes)]


def envelope_size(batch: tuple[Message, ...], limits: Limits) -> int:
    """What is sent: the envelope, the messages, and a comma between two of them."""
    return limits.envelope + sum(len(message.body) for message in batch) + len(batch) - 1


@given(SIZES, st.integers(60, 400), st.integers(1, 9), st.integers(0, 50))
def test_batches_hold_every_message_once_in_order_and_within_the_limits(sizes, most_bytes, most, envelope):
    limits = Limits(batch_bytes=most_bytes, batch_messages=most, envelope=envelope)
    owed = messages(sizes)

    batches = list(pack(owed, limits))

    assert [message for batch in batches for message in batch] == owed
    assert all(1 <= len(batch) <= most for batch in batches)
    assert all(len(batch) == 1 or envelope_size(batch, limits) <= most_bytes for batch in batches)


@given(SIZES, st.integers(60, 400))
def test_a_batch_is_closed_only_when_the_next_message_does_not_fit(sizes, most_bytes):
    limits = Limits(batch_bytes=most_bytes, batch_messages=1000)

    batches = list(pack(messages(sizes), limits))

    for batch, following in itertools.pairwise(batches):
        assert envelope_size((*batch, following[0]), limits) + 1 > most_bytes
