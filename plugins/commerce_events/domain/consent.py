"""What a person agreed to, by category, against what a destination needs."""

from collections.abc import Collection, Mapping


def lacks_consent(needed: Collection[str], consent: Mapping[str, bool] | None) -> bool:
    """Whether a person may not be told of where these categories are needed.

    Nobody who was asked agreed to a category that is not among the answers. Where nothing is known (None)
    nothing is held back, which is how Segment itself reads a message without consent.
    """
    return consent is not None and not all(consent.get(category) is True for category in needed)
