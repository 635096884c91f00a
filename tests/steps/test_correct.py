"""What was sent wrongly is told once more, as a message of its own; what was sent rightly is left alone."""

from dataclasses import replace

import orjson
import pytest
from pipeline import Pipeline
from sqlalchemy import select

from commerce_events.domain.corrections import warehouses_only
from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import Kind
from commerce_events.ledger.decisions import Decision
from commerce_events.ledger.packing import packed
from commerce_events.ledger.tables import fact
from commerce_events.ledger.waiting import Choice
from commerce_events.sandbox.faults import timeout
from commerce_events.steps.correct import Routing, correct

SAID = Decision("ann", "the affiliation was wrong")
SENT = Choice((Status.ACCEPTED, Status.DEAD, Status.QUARANTINED), kind=Kind.ORDER_COMPLETED)
QUIET = Routing({"segment": warehouses_only([])})


def renderers(line: Pipeline, **changes: str):
    """The store's renderer, whose kept inputs then say another affiliation."""
    own = line.store().renderer
    return {"main": Speaking(own, changes) if changes else own}


class Speaking:
    """A renderer with a template that was mended: it sees the store under another name."""

    def __init__(self, own, changes):
        self._own, self._changes = own, changes

    def __getattr__(self, name):
        return getattr(self._own, name)

    def render(self, kind, occurred_at, document):
        commerce = {**document["commerce"], **self._changes}
        made = self._own.render(kind, occurred_at, {**document, "commerce": commerce})
        return replace(made, document=document, kept=packed(orjson.dumps(document)))


def paid(line: Pipeline, count: int = 1) -> None:
    for _ in range(count):
        line.shop.pay(line.shop.place_order(buyer="customer"))
    line.run()


def told(line: Pipeline, renderer, *, routing: Routing = QUIET, dry_run: bool = False):
    return correct(line.ledger, renderer, SENT, routing, SAID, dry_run=dry_run, clock=line.clock.now)


def test_what_says_the_same_is_no_correction(line):
    paid(line)

    assert told(line, renderers(line)) == {"says what was sent": 1}
    assert line.ledger.decisions.entries(9) == []


def test_a_correction_is_a_message_of_its_own_for_warehouses_only(line):
    paid(line)
    (before,) = line.messages("Order Completed")

    outcome = told(line, renderers(line, store="elsewhere"))
    line.deliver()

    assert outcome == {"corrected": 1}
    wrong, right = line.messages("Order Completed")
    assert wrong == before
    assert right["messageId"] != wrong["messageId"]
    assert right["timestamp"] == wrong["timestamp"]
    assert right["properties"] == {**wrong["properties"], "affiliation": "elsewhere"}
    assert right["integrations"] == {"All": False}
    assert right["context"]["correction"] == {"number": 1, "of": wrong["messageId"]}


def test_the_audit_says_who_and_why_and_where_but_not_what(line):
    paid(line)

    told(line, renderers(line, store="elsewhere"))

    (entry,) = line.ledger.decisions.entries(9)
    assert (entry.who, entry.action, entry.why) == ("ann", "corrected", SAID.why)
    assert entry.detail == "$.properties.affiliation"


def test_everywhere_says_nothing_of_receivers(line):
    paid(line)

    told(line, renderers(line, store="elsewhere"), routing=Routing({}))
    line.deliver()

    assert "integrations" not in line.messages("Order Completed")[1]


def test_a_look_writes_nothing(line):
    paid(line)

    assert told(line, renderers(line, store="elsewhere"), dry_run=True) == {"corrected": 1}
    assert line.statuses() == {"accepted": 2}


def test_the_same_correction_is_told_once_and_a_second_one_counts_on(line):
    paid(line)

    first = told(line, renderers(line, store="elsewhere"))
    line.deliver()
    again = told(line, renderers(line, store="elsewhere"))
    other = told(line, renderers(line, store="nowhere"))
    line.deliver()

    assert (first, again, other) == ({"corrected": 1}, {"says what was sent": 1}, {"corrected": 1})
    numbers = [one["context"].get("correction", {}).get("number") for one in line.messages("Order Completed")]
    assert numbers == [None, 1, 2]


def test_a_correction_that_waits_is_not_corrected_again(line):
    paid(line)
    told(line, renderers(line, store="elsewhere"))

    assert told(line, renderers(line, store="nowhere")) == {}


def test_what_may_have_arrived_is_corrected_too(line):
    line.shop.pay(line.shop.place_order(buyer="customer"))
    line.segment.faults.always(timeout(0, taken=True))
    line.capture()
    line.deliver(budget=line.budget / 60)
    line.ledger.outbox.expire("segment", line.clock.now(), line.clock.now())

    assert told(line, renderers(line, store="elsewhere")) == {"corrected": 1}


def test_a_later_look_at_the_order_tells_nothing_again(line):
    paid(line)
    told(line, renderers(line, store="elsewhere"))

    line.run()

    assert line.statuses() == {"accepted": 3}
    with line.ledger.engine.connect() as connection:
        assert sorted(connection.scalars(select(fact.c.correction))) == [0, 0, 1]


def test_whose_input_is_gone_cannot_be_corrected(line):
    paid(line)
    with line.ledger.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM payload")

    assert told(line, renderers(line, store="elsewhere")) == {"nothing is left": 1}


@pytest.mark.parametrize(
    ("named", "routing"), [([], {"All": False}), (["Mixpanel"], {"All": False, "Mixpanel": False})]
)
def test_a_receiver_that_the_connection_names_is_left_out_by_its_name(named, routing):
    assert warehouses_only(named) == routing
