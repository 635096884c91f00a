"""The same fact, the same id, for ever."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from orders import CREATED

from commerce_events.domain.facts import Fact, Kind, Reason, Refund
from commerce_events.domain.ids import event_id, message_id

NAMESPACE = UUID("0f2c6a53-8a2b-4c63-b0a8-5a8f0c1d2e3f")
FACT = Fact("main", "orders", "order-1", Kind.ORDER_REFUNDED, CREATED, revision="300")


def test_an_id_never_changes_between_versions():
    """A change here sends every fact of every store again."""
    assert event_id(NAMESPACE, FACT) == UUID("6cb8ec16-748e-57bb-a4dd-66dc5e0ca516")


@pytest.mark.parametrize(
    "same",
    [
        replace(FACT, occurred_at=CREATED + timedelta(days=1)),
        replace(FACT, filtered=Reason.BEFORE_START),
        replace(FACT, refund=Refund(300, 300)),
        replace(FACT, certain=False),
        replace(FACT, store="renamed"),
    ],
)
def test_what_is_known_of_a_fact_is_no_part_of_its_id(same):
    assert event_id(NAMESPACE, same) == event_id(NAMESPACE, FACT)


@pytest.mark.parametrize(
    "other",
    [
        replace(FACT, stream="customers"),
        replace(FACT, record_id="order-2"),
        replace(FACT, kind=Kind.ORDER_UPDATED),
        replace(FACT, revision="301"),
    ],
)
def test_another_fact_has_another_id(other):
    assert event_id(NAMESPACE, other) != event_id(NAMESPACE, FACT)


def test_parts_corrections_and_namespaces_have_ids_of_their_own():
    ids = {
        event_id(NAMESPACE, FACT),
        event_id(NAMESPACE, FACT, part="1"),
        event_id(NAMESPACE, FACT, correction=1),
        event_id(UUID(int=1), FACT),
    }

    assert len(ids) == 4


def test_only_further_destinations_get_an_id_of_their_own():
    event = event_id(NAMESPACE, FACT)

    assert message_id(event, "segment", first=True) == str(event)
    assert len({message_id(event, name, first=False) for name in ("segment", "second")} | {str(event)}) == 3
