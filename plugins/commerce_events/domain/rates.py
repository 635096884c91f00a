"""Staying below a rate in every second, wherever the second begins.

A batch counts as all its events at one moment, and it gets there a little late. So batches are small beside
the rate, each books more room than its share, and who comes too late books again. Between the first and the
last batch of a second lies less than a second and what one may be late: their bookings, but for the last
one's, fit in there. STEADY * (1 + late) + PARCEL stays below 1 up to 32 ms, below 1.02 up to 54 ms.
"""

from datetime import timedelta

PARCEL = 0.05  # of a second's events in one batch
STEADY = 0.92  # of the rate is booked
LATE = timedelta(milliseconds=30)


def parcel(per_second: float) -> int:
    """The most events that may go at once."""
    return max(1, int(per_second * PARCEL))


def room(events: float, per_second: float) -> float:
    """The seconds that so many events book."""
    return events / (per_second * STEADY)
