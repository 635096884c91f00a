"""Of which hours a destination's counts are final."""

from datetime import UTC, datetime, timedelta

from commerce_events.steps.far_end import Span

DAY = timedelta(days=1)


def test_a_span_is_cut_to_what_is_final_and_what_segment_still_tells():
    now = datetime(2026, 3, 31, 12, 34, tzinfo=UTC)

    span = Span.judged(now - 90 * DAY, now, now)

    assert (span.start, span.end) == (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 31, 8, tzinfo=UTC))
    assert [day.isoformat() for day in (span.days[0], span.days[-1])] == ["2026-03-02", "2026-03-31"]
    assert len(span.days) == 30
