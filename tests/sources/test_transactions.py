"""What transactions add to an order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from elastic_path import RULES, Json, order_document

from commerce_events.domain.errors import BadRecordError
from commerce_events.domain.records import Order
from commerce_events.sources.elasticpath.nodes import Node
from commerce_events.sources.elasticpath.orders import order_record
from commerce_events.sources.elasticpath.transactions import with_transactions

BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)


def transaction(
    kind: str, *, began: int = 0, changed: int = 0, status: str = "complete", **more: Any
) -> Json:
    """Minutes since ten o'clock; 110.00 USD."""
    times = {
        name: f"{BEGAN + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
        for name, minutes in (("created_at", began), ("updated_at", changed))
    }
    return {
        "transaction_type": kind,
        "status": status,
        "amount": 11_000,
        "meta": {"timestamps": times},
        **more,
    }


def completed(payment: str, *transactions: Json, paid_at: str | None = None) -> Order:
    document = order_document(payment=payment)
    if paid_at:
        document["meta"]["timestamps"]["fully_paid_at"] = paid_at
    order = order_record(document, [], RULES, lambda _currency: 2).order
    return with_transactions(order, Node(list(transactions), ("transactions",)))


def minutes(moment: datetime | None) -> int | None:
    return None if moment is None else int((moment - BEGAN).total_seconds() // 60)


@pytest.mark.parametrize(
    ("told", "authorized", "paid"),
    [
        ([transaction("purchase", changed=1)], 0, 1),
        ([transaction("capture", changed=90)], 0, 90),
        ([transaction("purchase", changed=1), transaction("capture", began=5, changed=30)], 5, 30),
        ([transaction("refund", changed=500, refunded_amount=100)], 0, 0),
        ([transaction("purchase", changed=500, refunded_amount=100)], 0, 0),
        ([transaction("refund", changed=500, refunded_amount=1), transaction("capture", changed=30)], 0, 30),
        (
            [
                transaction("purchase", began=1, changed=2, status="failed"),
                transaction("purchase", changed=0),
            ],
            0,
            0,
        ),
        ([transaction("authorize", changed=3, status="pending")], None, None),
        ([transaction("", changed=1) | {"transaction-type": "purchase"}], 0, 1),
        ([], None, None),
    ],
)
def test_the_times_of_a_paid_order(told: list[Json], authorized: int | None, paid: int | None) -> None:
    order = completed("paid", *told)

    assert (minutes(order.authorized_at), minutes(order.paid_at)) == (authorized, paid)


def test_the_store_s_own_time_of_payment_comes_first() -> None:
    order = completed("paid", transaction("purchase", changed=9), paid_at="2026-03-01T10:07:00Z")

    assert minutes(order.paid_at) == 7


def test_an_order_paid_in_part_is_not_paid_yet() -> None:
    assert completed("partially_paid", transaction("purchase", changed=9)).paid_at is None


def test_refunds_add_up_over_transactions() -> None:
    order = completed(
        "paid",
        transaction("refund", changed=40, refunded_amount=100),
        transaction("refund", changed=60, refunded_amount=250),
        transaction("purchase", changed=90, refunded_amount=0),
        transaction("purchase", changed=95),
    )

    assert (order.refunded, minutes(order.refunded_at)) == (350, 60)


def test_an_old_refund_without_an_amount_of_its_own_is_a_full_one() -> None:
    assert completed("refunded", transaction("refund", changed=40)).refunded == 11_000


def test_no_transactions_mean_no_refunds() -> None:
    order = completed("refunded")

    assert (order.refunded, order.refunded_at) == (0, None)


def test_an_amount_that_is_no_number_is_named() -> None:
    with pytest.raises(BadRecordError, match=r"transactions\[1\].refunded_amount"):
        completed("paid", transaction("purchase"), transaction("purchase", refunded_amount="12.00"))
