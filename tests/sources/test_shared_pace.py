"""Requests booked in blocks: evenly, few questions, and little booked that is not used."""

from collections.abc import Callable

import pytest

from commerce_events.sources.elasticpath.pace import SharedPace


class Book:
    """A rate kept for several, and a clock that only sleeping moves."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self.time = self.free = 0.0
        self.blocks: list[int] = []

    def book(self, requests: int) -> float:
        begins = max(self.free, self.time)
        self.free = begins + requests / self.per_second
        self.blocks.append(requests)
        return begins - self.time

    def pace(self) -> SharedPace:
        return SharedPace(self.book, self.per_second, lambda: self.time, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def leaving(book: Book, takes: list[Callable[[], None]]) -> list[float]:
    left = []
    for take in takes:
        take()
        left.append(book.time)
    return left


def most_in_a_second(times: list[float]) -> int:
    return max(sum(begin <= each < begin + 0.999 for each in times) for begin in times)


def test_an_eager_reader_gets_the_whole_rate_and_not_more() -> None:
    book = Book(100)

    times = leaving(book, [book.pace().take] * 500)

    assert most_in_a_second(times) <= 100
    assert times[-1] == pytest.approx(5, rel=0.02)


def test_an_eager_reader_asks_a_few_times_a_second() -> None:
    book = Book(100)
    pace = book.pace()

    leaving(book, [pace.take] * 500)

    assert len(book.blocks) < 30
    assert max(book.blocks) == 25


def test_two_readers_share_the_rate() -> None:
    book = Book(100)

    times = leaving(book, [book.pace().take, book.pace().take] * 250)

    assert most_in_a_second(times) <= 100


def test_a_slow_reader_books_little_more_than_it_uses() -> None:
    book = Book(100)
    pace = book.pace()

    for _ in range(200):
        pace.take()
        book.sleep(0.1)

    assert sum(book.blocks) < 450
