"""Whether a person may be told of where consent is needed."""

import pytest

from commerce_events.domain.consent import lacks_consent


@pytest.mark.parametrize(
    ("consent", "lacks"),
    [
        (None, False),
        ({}, True),
        ({"marketing": True}, False),
        ({"marketing": False}, True),
        ({"analytics": True}, True),
        ({"marketing": True, "analytics": False}, False),
        ({"marketing": "yes"}, True),
    ],
)
def test_consent_is_needed_by_category(consent, lacks):
    assert lacks_consent(["marketing"], consent) is lacks


def test_all_categories_are_needed():
    assert lacks_consent(["marketing", "ads"], {"marketing": True, "ads": False})
    assert not lacks_consent(["marketing", "ads"], {"marketing": True, "ads": True})


@pytest.mark.parametrize("consent", [None, {}, {"marketing": False}])
def test_a_destination_that_needs_none_gets_everybody(consent):
    assert not lacks_consent([], consent)
