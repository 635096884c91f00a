"""What a message costs us, counted in calls: the same on every machine, however busy it is.

Bounds are a quarter above what was counted with Python 3.11: a few steps more for each line of an order, or a
document that is written as JSON once more, break them.
"""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from elastic_path import RULES, Json, order_document, order_item, prices
from pipeline import INCLUDE, settings

from commerce_events.contracts.contracts import Contracts
from commerce_events.domain.deliveries import Door
from commerce_events.domain.facts import Kind
from commerce_events.domain.lifecycle import judge
from commerce_events.domain.records import Record
from commerce_events.sources.elasticpath.orders import order_record
from commerce_events.steps.render import Receiver, Renderer
from commerce_events.templates.fast_engine import ABSENT
from commerce_events.templates.library import Templates

LINES = 5


def paid(lines: int = LINES) -> tuple[Json, list[Json]]:
    order = order_document(status="complete", payment="paid")
    order["meta"]["display_price"] = prices(with_tax=11_000, without_tax=10_000, tax=1_000, discount=0)
    order["meta"]["timestamps"]["fully_paid_at"] = "2026-03-01T11:00:00Z"
    return order, [order_item(2_000, id=f"item-{number}") for number in range(lines)]


def read(lines: int = LINES) -> Record:
    return order_record(*paid(lines), RULES, lambda _: 2)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    store = settings().stores["main"]
    templates = Templates.load(INCLUDE / "templates", [store.tracking(kind).template for kind in Kind])
    templates.engines  # noqa: B018 - trials are made once, not for each message
    return Renderer(
        store, templates, {"segment": Receiver(Contracts.load(INCLUDE / "contracts/segment"))}, b"k"
    )


def tell(renderer: Renderer, record: Record, messages: int = 2) -> None:
    facts = judge(record, None, renderer.store.lifecycle_policy()).facts[:messages]
    for fact in facts:
        (told,) = renderer.told(fact, record, Door.POLL)
        (owed,) = told.owed
        assert owed.status == "pending"
    assert len(facts) == messages


def test_reading_an_order_takes_few_calls_for_each_line() -> None:
    calls = counted(lambda: read(2 * LINES)).total() - counted(read).total()

    assert calls / LINES < 1.25 * 64


def test_an_order_is_written_as_json_twice_to_be_read() -> None:
    """Once to look for secrets, which templates are shown, and once with sorted keys to be told apart."""
    groups = len(read().order.watched)

    assert counted(read)[orjson.dumps] == 2 + groups


@pytest.mark.skipif(bool(ABSENT), reason="the reference engine takes hundreds of times as many")
def test_a_message_takes_few_calls(renderer: Renderer) -> None:
    tell(renderer, read())

    calls = counted(lambda: tell(renderer, read())).total() - counted(read).total()

    assert calls / 2 < 1.25 * 197


@pytest.mark.skipif(bool(ABSENT), reason="the reference engine copies what it is given")
def test_a_second_message_of_an_order_makes_nothing_of_it_again(renderer: Renderer) -> None:
    """It is written as JSON three times: for the engine, with its input, and as what is sent."""
    one, two = (counted(lambda n=n: tell(renderer, read(20), n)) for n in (1, 2))

    assert two[orjson.dumps] - one[orjson.dumps] == 3
    assert two.total() - one.total() < 1.25 * 120


def counted(work: Callable[[], object]) -> Counter[Any]:
    """Calls of functions in Python, and of orjson, once what is made only once is made."""
    work()
    calls: Counter[Any] = Counter()

    def note(frame: Any, event: str, called: Any) -> None:
        if event == "call":
            calls[frame.f_code] += 1
        elif event == "c_call" and called is orjson.dumps:
            calls[called] += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls
