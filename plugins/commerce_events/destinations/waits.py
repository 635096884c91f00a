"""How long an answer of Segment's asks us to wait."""

from email.utils import parsedate_to_datetime

import requests

LONGEST_RETRY_AFTER = 300.0


def retry_after(response: requests.Response) -> float | None:
    """The wait that was asked for, in seconds: a number or a date, at most five minutes."""
    value = response.headers.get("Retry-After", "").strip()
    wait = float(value) if value.isdecimal() else seconds_until(response, "Retry-After")
    return None if wait is None else min(wait, LONGEST_RETRY_AFTER)


def seconds_until(response: requests.Response, header: str) -> float | None:
    """From the answer's own date to the date in `header`; None where one of them is none."""
    try:
        until = parsedate_to_datetime(response.headers[header])
        now = parsedate_to_datetime(response.headers["Date"])
        return max((until - now).total_seconds(), 0.0)
    except (KeyError, ValueError, TypeError):  # TypeError: one date names its zone, the other does not
        return None
