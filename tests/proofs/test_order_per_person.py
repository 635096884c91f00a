"""One person's messages arrive in the order they were recorded, whatever fails in between."""

from collections import defaultdict
from random import Random

import pytest
from proofs.books import check_arrivals, check_books, deliveries

from commerce_events.domain.errors import AttentionError
from commerce_events.sandbox import faults

TROUBLE = [fault for fault in faults.retryable(stall=0.01) if not fault.passes]

# A 429 or a Retry-After asks everybody to wait, any other trouble rests the lanes it met.
OF_THE_LANE = [fault for fault in TROUBLE if fault.status != 429 and fault.retry_after is None]


@pytest.fixture
def queue(line):
    """Three people in lanes of their own, six orders each; captured."""
    customers = [one for one in line.shop.people if one.kind == "customer"]
    for _ in range(6):
        for buyer in customers[:3]:
            line.shop.place_order(buyer=buyer)
    line.capture()
    assert len({row.lane for row in deliveries(line.ledger)}) == 3
    line.parcel = 2
    return line


def arrivals(line):
    """The lanes, in the order in which messages first arrived."""
    lanes = {str(row.event_id): row.lane for row in deliveries(line.ledger)}
    return [lanes[one.message_id] for one in line.segment.received()]


def by_lane(line):
    groups = defaultdict(list)
    for row in sorted(deliveries(line.ledger), key=lambda row: row.seq):
        groups[row.lane].append(str(row.event_id))
    return [groups[lane] for lane in sorted(groups)]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", OF_THE_LANE, ids=lambda fault: fault.name)
def test_a_batch_that_fails_holds_back_its_own_people_only(queue, fault):
    first, *others = by_lane(queue)
    queue.segment.faults.next(fault)

    queue.deliver()

    check_arrivals(queue)
    if not fault.taken:
        rest = [message for lane in others for message in lane]
        assert [one.message_id for one in queue.segment.received()] == rest + first


@pytest.mark.parametrize("seed", range(4))
def test_failures_of_any_batches_keep_each_persons_order(queue, seed):
    queue.parcel = Random(seed).choice((1, 2, 5))
    queue.segment.faults.mix(0.5, seed, TROUBLE)

    queue.deliver()

    check_arrivals(queue)
    check_books(queue.ledger)


def test_a_dead_message_leaves_the_line_and_those_behind_it_pass(queue):
    victim, *behind = by_lane(queue)[0]
    queue.segment.refuse(victim)

    with pytest.raises(AttentionError):
        queue.deliver()

    arrived = [one.message_id for one in queue.segment.received()]
    assert victim not in arrived
    assert [message for message in arrived if message in behind] == behind
