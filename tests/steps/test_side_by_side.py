"""Several questions at once: answers in order, never more than allowed, and the first error is told."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.errors import TransientError
from commerce_events.steps.side_by_side import side_by_side


@given(st.lists(st.integers(), max_size=50), st.integers(1, 8))
def test_answers_come_in_the_order_of_the_questions(items: list[int], most: int) -> None:
    assert side_by_side(lambda each: each * 2, items, most) == [each * 2 for each in items]


def test_no_more_than_so_many_are_under_way() -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.002)
        with lock:
            under_way -= 1

    side_by_side(work, range(40), 5)

    assert most == 5


def test_an_error_ends_it_and_is_raised() -> None:
    asked = []

    def work(number: int) -> None:
        asked.append(number)
        if number == 3:
            raise TransientError("the store does not answer")
        time.sleep(0.001)

    with pytest.raises(TransientError, match="does not answer"):
        side_by_side(work, range(1_000), 4)

    assert len(asked) < 100
