"""While pages are worked on the collector looks seldom; afterwards as often as before, whatever happened."""

import gc

import pytest

from commerce_events.steps.litter import collected_seldom


def test_the_collector_looks_seldom_for_as_long_as_pages_are_worked_on() -> None:
    before, during = gc.get_threshold(), []

    @collected_seldom()
    def work() -> None:
        during.append(gc.get_threshold())
        raise ValueError("a page cannot be read")

    with pytest.raises(ValueError, match="cannot be read"):
        work()
    assert during[0][0] > 10 * before[0]
    assert gc.isenabled()
    assert gc.get_threshold() == before


def test_of_several_who_work_at_once_the_last_one_leaves_all_as_it_was() -> None:
    before = gc.get_threshold()
    first, second = collected_seldom(), collected_seldom()

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    during = gc.get_threshold()
    second.__exit__(None, None, None)

    assert during[0] > 10 * before[0]
    assert gc.get_threshold() == before
