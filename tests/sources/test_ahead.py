"""The next page comes while the last is worked on; order, errors and what is asked for stay as they were."""

import threading
import time
from collections.abc import Iterator
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.errors import TransientError
from commerce_events.sources.ahead import ahead

SOON = 10.0


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=5))
def test_all_pages_come_in_their_order(pages: list[int], depth: int) -> None:
    assert list(ahead(iter(pages), depth)) == pages


def test_the_next_page_is_asked_for_while_the_last_is_worked_on() -> None:
    asked = [threading.Event() for _ in range(4)]

    def pages() -> Iterator[int]:
        for number, event in enumerate(asked):
            event.set()
            yield number

    coming = ahead(pages(), 1)
    first = next(coming)

    assert first == 0
    assert asked[1].wait(SOON)
    assert not asked[2].is_set()


def test_a_failure_is_told_only_after_the_pages_before_it() -> None:
    def pages() -> Iterator[int]:
        yield 1
        yield 2
        raise TransientError("the store does not answer")

    coming = ahead(pages(), 1)

    met = [next(coming), next(coming)]

    with pytest.raises(TransientError, match="does not answer"):
        next(coming)
    assert met == [1, 2]


def test_who_gives_up_does_not_wait_for_the_page_under_way() -> None:
    never = threading.Event()

    def pages() -> Iterator[int]:
        yield 1
        never.wait()

    for _ in ahead(pages(), 1):
        break

    assert not never.is_set()


@pytest.mark.parametrize("depth", [1, 4])
def test_no_more_pages_are_held_than_were_asked_for(depth: int) -> None:
    asked = count()
    coming = ahead((next(asked) for _ in range(100)), depth)

    assert list(islice(coming, 5)) == [0, 1, 2, 3, 4]
    time.sleep(0.1)
    assert next(asked) <= 5 + depth


def test_nothing_is_fetched_for_who_has_given_up() -> None:
    asked, before = count(), set(threading.enumerate())
    coming = ahead((next(asked) for _ in range(100)), 3)

    next(coming)
    (fetching,) = set(threading.enumerate()) - before
    coming.close()
    fetching.join(SOON)

    assert not fetching.is_alive()
    assert next(asked) <= 5
