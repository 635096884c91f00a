"""From a fact to what is owed: nothing is sent unchecked, and nothing that fails is lost."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from orders import look, order
from pipeline import INCLUDE, NAMESPACE, settings

from commerce_events.contracts.contracts import Contracts
from commerce_events.domain.backfills import Backfill
from commerce_events.domain.deliveries import Door, Status
from commerce_events.domain.facts import Fact, Kind, Reason
from commerce_events.domain.ids import event_id
from commerce_events.domain.records import Buyer, Record
from commerce_events.ledger.entries import Owed
from commerce_events.ledger.packing import unpacked
from commerce_events.steps.render import Receiver, Renderer
from commerce_events.templates.library import Templates

RECEIVERS = {"segment": Receiver(Contracts.load(INCLUDE / "contracts" / "segment"))}
RECORD = look(order(status="complete", payment="paid"))


def fact(record: Record = RECORD, kind: Kind = Kind.ORDER_COMPLETED, **changes: object) -> Fact:
    return replace(Fact("main", "orders", record.id, kind, record.updated_at), **changes)


def input_of(owed: Owed) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(unpacked(owed.input) or b"")
    return document


def renderer(tmp_path: Path, source: str | None = None, **store: object) -> Renderer:
    """A renderer with the shipped templates, or with `source` as the template of Order Completed."""
    folder = INCLUDE / "templates"
    trackings = {}
    if source is not None:
        folder = tmp_path
        (tmp_path / "own.jsonata").write_text(source)
        trackings = {kind.value: {"template": "own.jsonata"} for kind in Kind}
    configured = settings(trackings=trackings, **store).stores["main"]
    templates = Templates.load(folder, [configured.tracking(kind).template for kind in Kind])
    return Renderer(configured, templates, RECEIVERS, b"key")


def only(tmp_path: Path, source: str, record: Record = RECORD) -> Owed:
    [told] = renderer(tmp_path, source).told(fact(record), record, Door.POLL)
    return told.owed[0]


def test_a_fact_becomes_a_checked_message_with_its_id_and_time(tmp_path):
    [told] = renderer(tmp_path).told(fact(), RECORD, Door.POLL)

    message = orjson.loads(told.owed[0].body)
    assert told.owed[0].status == Status.PENDING
    assert message["messageId"] == str(told.event_id) == str(event_id(NAMESPACE, fact()))
    assert message["timestamp"] == "2026-03-01T12:00:00.000Z"
    assert message["userId"] == "customer-1"


def test_the_same_fact_is_the_same_bytes_again(tmp_path):
    first = renderer(tmp_path).told(fact(), RECORD, Door.POLL)
    second = renderer(tmp_path).told(fact(), RECORD, Door.POLL)

    assert first == second


def test_a_filtered_fact_is_owed_with_its_reason_and_without_a_body(tmp_path):
    [told] = renderer(tmp_path).told(fact(filtered=Reason.BEFORE_START), RECORD, Door.POLL)

    assert told.owed == [Owed("segment", Status.FILTERED, Reason.BEFORE_START)]


def test_a_message_that_breaks_its_contract_is_quarantined_with_the_path(tmp_path):
    without_lines = look(order(lines=()))

    [told] = renderer(tmp_path).told(fact(without_lines), without_lines, Door.POLL)

    assert told.owed[0].status == Status.QUARANTINED
    assert told.owed[0].reason.startswith("contract:")
    assert "$.properties.products" in told.owed[0].detail


def test_a_message_without_identity_is_quarantined(tmp_path):
    nobody = look(order(buyer=Buyer()))

    [told] = renderer(tmp_path).told(fact(nobody), nobody, Door.POLL)

    assert told.owed[0].status == Status.QUARANTINED
    assert "userId" in told.owed[0].detail


def test_a_template_that_fails_quarantines_its_fact_and_names_no_content(tmp_path):
    owed = only(tmp_path, "$number(commerce.customer.email)")

    assert (owed.status, owed.reason) == (Status.QUARANTINED, "template")
    assert "own.jsonata" in owed.detail
    assert "ann@" not in owed.detail


def test_a_template_that_yields_nothing_filters_its_fact(tmp_path):
    assert only(tmp_path, "nothing.here").reason == Reason.EMPTY


def test_a_message_over_the_limit_is_quarantined_before_it_could_sink_a_batch(tmp_path):
    source = '{"type": "track", "event": "Seen", "properties": {"long": $join([1..9000].$string())}}'

    owed = only(tmp_path, source)

    assert (owed.status, owed.reason) == (Status.QUARANTINED, "too_large")
    assert "32,000" in owed.detail


def test_a_list_of_calls_is_told_in_parts_of_which_the_first_keeps_the_facts_id(tmp_path):
    source = '[{"type": "track", "event": "One"}, {"type": "track", "event": "Two"}]'

    first, second = renderer(tmp_path, source).told(fact(), RECORD, Door.POLL)

    assert (first.part, second.part) == ("", "1")
    assert first.event_id == event_id(NAMESPACE, fact())
    assert second.event_id == event_id(NAMESPACE, fact(), part="1")


def test_one_person_is_one_lane(tmp_path):
    made = renderer(tmp_path)
    other = look(order(total=500), record_id="order-2")

    lanes = {told.lane for record in (RECORD, other) for told in made.told(fact(record), record, Door.POLL)}

    assert len(lanes) == 1


def test_what_is_kept_with_a_message_renders_it_again_to_the_byte(tmp_path):
    made = renderer(tmp_path)
    [told] = made.told(fact(), RECORD, Door.POLL)

    rendering = made.render(Kind.ORDER_COMPLETED, fact().occurred_at, input_of(told.owed[0]))

    assert made.owed(rendering, told.part, told.event_id, "segment") == told.owed[0]


@pytest.mark.parametrize("choice", ["policy", "template"])
def test_ids_are_the_policys_unless_a_tracking_leaves_them_to_its_template(tmp_path, choice):
    (tmp_path / "own.jsonata").write_text('{"type": "track", "event": "Seen", "userId": "theirs"}')
    trackings = {kind.value: {"template": "own.jsonata", "identity": choice} for kind in Kind}
    configured = settings(trackings=trackings).stores["main"]
    made = Renderer(configured, Templates.load(tmp_path, ["own.jsonata"]), RECEIVERS, b"key")

    [told] = made.told(fact(), RECORD, Door.POLL)

    expected = {"policy": "customer-1", "template": "theirs"}[choice]
    assert orjson.loads(told.owed[0].body)["userId"] == expected


def test_a_backfilled_message_names_its_plan_and_who_may_see_it(tmp_path):
    live, past = (
        renderer(tmp_path).told(fact(), RECORD, Door.BACKFILL, backfill=backfill)[0]
        for backfill in (None, Backfill("plan-7", {"All": False}))
    )

    message = orjson.loads(past.owed[0].body)
    assert past.event_id == live.event_id
    assert message["timestamp"] == "2026-03-01T12:00:00.000Z"
    assert message["context"]["backfill"] == {"id": "plan-7"}
    assert message["integrations"] == {"All": False}
    assert past.owed[0].status == Status.PENDING
    assert "integrations" not in orjson.loads(live.owed[0].body)


def test_a_replay_of_a_backfilled_message_is_the_same_message(tmp_path):
    made = renderer(tmp_path)
    [told] = made.told(fact(), RECORD, Door.BACKFILL, backfill=Backfill("plan-7", {"All": False}))

    rendering = made.render(told.fact.kind, told.fact.occurred_at, input_of(told.owed[0]))
    again = made.owed(rendering, told.part, told.event_id, "segment")

    assert again == told.owed[0]
