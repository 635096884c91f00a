"""The next page comes while the last is worked on; order, errors and what is asked for stay as they were."""

import threading
from collections.abc import Iterator
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.errors import TransientError
from commerce_events.steps.ahead import one_ahead

SOON = 10.0


@given(st.lists(st.integers()))
def test_all_pages_come_in_their_order(pages: list[int]) -> None:
    assert list(one_ahead(iter(pages))) == pages


def test_the_next_page_is_asked_for_while_the_last_is_worked_on() -> None:
    asked = [threading.Event() for _ in range(4)]

    def pages() -> Iterator[int]:
        for number, event in enumerate(asked):
            event.set()
            yield number

    ahead = one_ahead(pages())
    first = next(ahead)

    assert first == 0
    assert asked[1].wait(SOON)
    assert not asked[2].is_set()


def test_a_failure_is_told_only_after_the_pages_before_it() -> None:
    def pages() -> Iterator[int]:
        yield 1
        yield 2
        raise TransientError("the store does not answer")

    ahead = one_ahead(pages())

    met = [next(ahead), next(ahead)]

    with pytest.raises(TransientError, match="does not answer"):
        next(ahead)
    assert met == [1, 2]


def test_who_gives_up_does_not_wait_for_the_page_under_way() -> None:
    never = threading.Event()

    def pages() -> Iterator[int]:
        yield 1
        never.wait()

    for _ in one_ahead(pages()):
        break

    assert not never.is_set()


def test_no_more_than_one_page_is_held_ahead() -> None:
    asked = count()
    ahead = one_ahead(next(asked) for _ in range(100))

    assert list(islice(ahead, 5)) == [0, 1, 2, 3, 4]
    assert next(asked) <= 6
