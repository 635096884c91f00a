"""Matching what was sent with what was counted, hour by hour."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.matching import match

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURS = [NOON + timedelta(hours=each) for each in range(4)]

spans = st.tuples(st.integers(0, 3), st.integers(0, 2)).map(
    lambda each: (HOURS[each[0]], HOURS[min(3, sum(each))])
)
sent_by_hours = st.dictionaries(spans, st.integers(1, 3), max_size=4)
counted_by_hour = st.dictionaries(st.sampled_from(HOURS), st.integers(1, 4), max_size=4)


def test_a_loss_is_of_its_hour():
    sent = {(HOURS[0], HOURS[0]): 3, (HOURS[1], HOURS[1]): 5}

    assert match(sent, {HOURS[0]: 1, HOURS[1]: 5}) == (Counter({HOURS[0]: 2}), 0)


def test_more_in_another_hour_makes_up_for_nothing():
    assert match({(HOURS[0], HOURS[0]): 2}, {HOURS[1]: 2}) == (Counter({HOURS[0]: 2}), 2)


def test_what_may_be_of_two_hours_is_looked_for_in_both():
    assert match({(HOURS[0], HOURS[1]): 4}, {HOURS[0]: 1, HOURS[1]: 3}) == (Counter(), 0)
    assert match({(HOURS[0], HOURS[1]): 4}, {HOURS[0]: 1, HOURS[1]: 2}) == (Counter({HOURS[1]: 1}), 0)


def most_matched(sent: dict, counted: dict) -> int:
    """By trying every way to divide each span's messages among its hours."""
    pieces = [
        [at for at in HOURS if first <= at <= last] for (first, last), n in sent.items() for _ in range(n)
    ]
    best = 0
    for way in product(*([*each] for each in pieces[:7])):
        taken = Counter(way)
        best = max(best, sum(min(count, counted.get(at, 0)) for at, count in taken.items()))
    return best


@given(sent_by_hours, counted_by_hour)
def test_as_many_are_matched_as_can_be(sent, counted):
    sent = dict(list(sent.items())[:2])

    missing, surplus = match(sent, counted)

    matched = sum(sent.values()) - missing.total()
    assert matched == most_matched(sent, counted)
    assert surplus == sum(counted.values()) - matched
    assert not missing.keys() - {last for _, last in sent}
