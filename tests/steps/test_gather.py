"""Pages that come soon after one another are one; nothing in them is lost, and nothing is in it twice."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.errors import TransientError
from commerce_events.domain.records import Customer, Page, Record, Reject
from commerce_events.steps.gather import Prepared, gathered

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOBODY = Customer(None, None, None, None, None, None, {}, False, False, {})
UNREAD = Reject(None, "missing_id", "$", "is required", b"{}")


def record(name: str, look: int = 0) -> Record:
    at = NOW + timedelta(seconds=look)
    return Record("main", "customers", name, NOW, at, b"", NOBODY, {})


def page(number: int, *records: Record, complete: tuple[Record, ...] = ()) -> Prepared:
    served_at = NOW + timedelta(minutes=number)
    return Prepared(
        Page(records, (UNREAD,), served_at, f"page {number}"), {each.id: each for each in complete}
    )


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=4, unique=True)), st.integers(1, 5))
def test_every_record_is_handed_out_at_its_last_look(pages: list[list[str]], most: int) -> None:
    looks = [[record(name, at) for name in names] for at, names in enumerate(pages)]
    given_pages = [page(at, *records) for at, records in enumerate(looks)]

    found = list(gathered(iter(given_pages), most, within=60.0))

    last = {each.id: each for records in looks for each in records}
    assert {each.id: each for one in found for each in one.page.records} == last
    assert sum(len(one.page.rejects) for one in found) == len(pages)
    assert len(found) == -(-len(pages) // most)
    for one in found:
        assert len({each.id for each in one.page.records}) == len(one.page.records)


def test_pages_together_resume_behind_the_last_and_were_served_with_the_first() -> None:
    (one,) = gathered(iter([page(1, record("a")), page(2, record("b"))]))

    assert one.page.cursor == "page 2"
    assert one.page.served_at == NOW + timedelta(minutes=1)
    assert one.page.requests == 2


def test_what_was_complete_at_an_earlier_look_is_asked_for_again() -> None:
    old, new = record("a"), record("a", 1)

    (one,) = gathered(iter([page(1, old, complete=(old,)), page(2, new)]))

    assert one.page.records == (new,)
    assert one.complete == {}


def test_a_store_that_takes_its_time_is_recorded_page_by_page() -> None:
    def slowly() -> Iterator[Prepared]:
        for number in range(4):
            yield page(number)
            time.sleep(0.03)

    assert len(list(gathered(slowly(), within=0.02))) >= 2
    assert len(list(gathered(slowly(), within=60.0))) == 1


def test_a_failure_is_told_only_after_the_pages_before_it() -> None:
    def failing() -> Iterator[Prepared]:
        yield page(1, record("a"))
        raise TransientError("the store does not answer")

    coming = gathered(failing())

    assert [each.id for each in next(coming).page.records] == ["a"]
    with pytest.raises(TransientError, match="does not answer"):
        next(coming)


def test_a_single_page_is_handed_on_as_it_is() -> None:
    only = page(1, record("a"))

    assert list(gathered(iter([only]))) == [only]
