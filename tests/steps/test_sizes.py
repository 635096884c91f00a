"""How many records a window of a backfill holds."""

import pytest

from commerce_events.steps.plan import Sizes


@pytest.mark.parametrize(
    ("window", "per_second", "most"),
    [
        (5_000, 10.0, 5_000),
        (5_000, 1e6, 5_000),  # however fast the store: the last ones are read while other tasks idle
        (10, 3.0, 30),  # ten seconds of work for a task
        (10, 1e6, 5_000),
        (20_000, 10.0, 8_000),  # well below what the store shows of one result
    ],
)
def test_a_window_has_work_for_a_task_and_no_more_than_is_wished(
    window: int, per_second: float, most: int
) -> None:
    assert Sizes(window=window).most(per_second) == most
