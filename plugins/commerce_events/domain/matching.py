"""Matching what was sent with what was counted, where each side knows the hour by a clock of its own.

A message that left at 10:59:59 and was answered at 11:00:01 was counted in one of the two hours, and nobody
says in which. So every message has the hours in which it can have been counted, mostly one, and is matched
with a count of one of them. Matched are as many as possible: what is left over was counted nowhere.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

# The first and the last hour in which a message can have been counted.
Hours = tuple[datetime, datetime]


def match(sent: Mapping[Hours, int], counted: Mapping[datetime, int]) -> tuple[Counter[datetime], int]:
    """How many were counted nowhere, by their last hour, and how many were counted that nobody sent.

    Each hour's count goes to those first whose last hour comes first: with spans of hours no other order
    matches more.
    """
    missing: Counter[datetime] = Counter()
    waiting: Counter[datetime] = Counter()  # by last hour
    surplus = 0
    for hour in sorted({*counted, *(edge for hours in sent for edge in hours)}):
        waiting.update({last: count for (first, last), count in sent.items() if first == hour})
        left = counted.get(hour, 0)
        for last in sorted(waiting):
            taken = min(left, waiting[last])
            waiting[last] -= taken
            left -= taken
        surplus += left
        missing[hour] += waiting.pop(hour, 0)
    return +missing, surplus
