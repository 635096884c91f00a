"""A preset decides alone who sees the messages of a backfill."""

from commerce_events.domain.backfills import closed


def test_a_receiver_that_the_connection_names_follows_the_preset():
    assert closed({"All": False}, {"Mixpanel": True}) == {"All": False, "Mixpanel": False}


def test_a_receiver_that_the_preset_names_stays_as_it_says():
    assert closed({"All": False, "Mixpanel": True}, {"Mixpanel": False}) == {"All": False, "Mixpanel": True}


def test_a_preset_that_says_nothing_leaves_everything_as_it_is():
    assert closed({}, {"Mixpanel": True}) == {}
