"""Packing messages into batches by the bytes that are really sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from commerce_events.domain.deliveries import Message

# Segment takes 32 KB a message, 500 KB and 2,500 messages a batch, and does not say whether KB is 1,000
# or 1,024. We stay below the smaller reading: the envelope and its commas count too.
MAX_MESSAGE_BYTES = 32_000
MAX_BATCH_BYTES = 475_000
MAX_BATCH_MESSAGES = 2_000


@dataclass(frozen=True, slots=True)
class Limits:
    """A destination's limits; `envelope` is what surrounds the messages of a batch."""

    batch_bytes: int = MAX_BATCH_BYTES
    batch_messages: int = MAX_BATCH_MESSAGES
    envelope: int = 0


def pack(messages: Iterable[Message], limits: Limits) -> Iterator[tuple[Message, ...]]:
    """Fill batches in the order given; no message is reordered, split or left out.

    A message larger than a batch gets a batch of its own: refusing it is the contract's affair.
    """
    batch: list[Message] = []
    size = limits.envelope
    for message in messages:
        cost = len(message.body) + 1  # and its comma
        full = size + cost > limits.batch_bytes or len(batch) == limits.batch_messages
        if batch and full:
            yield tuple(batch)
            batch, size = [], limits.envelope
        batch.append(message)
        size += cost
    if batch:
        yield tuple(batch)
