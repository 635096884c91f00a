"""What a person changes in a waiting message, or gives up; and that the audit says so."""

import orjson
import pytest
from pipeline import Pipeline

from commerce_events.domain.deliveries import Status
from commerce_events.domain.errors import AttentionError, ConfigurationError
from commerce_events.ledger.decisions import Decision
from commerce_events.ledger.waiting import Choice
from commerce_events.sandbox.faults import timeout
from commerce_events.steps.decide import discard, edit, shown, the_one

SAID = Decision("ann", "asked by the shop")
ANY = Choice()


def broken(line: Pipeline, count: int = 1) -> None:
    """Orders whose lines name no product: their messages break the contracts."""
    for number in range(count):
        order = line.shop.place_order(buyer="customer")
        document = line.shop.order(order) | {"id": f"{order}-{number}-broken", "relationships": {}}
        line.shop.put_raw(document, items=[], transactions=[])
    line.run()


@pytest.fixture
def waiting(line: Pipeline) -> Pipeline:
    broken(line)
    assert line.statuses()["quarantined"] == 1
    return line


PRODUCTS = [{"product_id": "p-1", "sku": "S", "name": "A thing", "price": 1.5, "quantity": 1}]


def test_what_is_discarded_is_closed_for_good_with_who_and_why(waiting):
    count = discard(waiting.ledger, ANY, SAID, clock=waiting.clock.now)
    again = discard(waiting.ledger, ANY, SAID, clock=waiting.clock.now)

    assert (count, again) == (1, 0)
    assert waiting.statuses() == {"accepted": 1, "filtered": 1}
    (entry,) = waiting.ledger.decisions.entries(9)
    assert (entry.who, entry.why) == (SAID.who, SAID.why)
    assert (entry.action, entry.detail) == ("discarded", "quarantined")
    waiting.run()
    assert waiting.statuses()["quarantined"] == 0


def test_a_changed_message_is_sent_as_it_stands_under_its_own_id_and_time(waiting):
    held = the_one(waiting.ledger, ANY)
    message = orjson.loads(held.body or b"")
    changed = {**message, "properties": {**message["properties"], "products": PRODUCTS}}
    forged = {**changed, "messageId": "another", "timestamp": "1999-01-01T00:00:00Z"}

    owed = edit(waiting.ledger, stores(waiting), held, {"message": forged}, SAID, clock=waiting.clock.now)
    waiting.deliver()

    assert owed.status == Status.PENDING
    (sent,) = [one for one in waiting.messages() if one["messageId"] == str(held.event_id)]
    assert sent["properties"]["products"] == PRODUCTS
    assert sent["timestamp"] == message["timestamp"]
    (entry,) = waiting.ledger.decisions.entries(9)
    assert entry.action == "edited"
    assert "$.properties.products[0]" in (entry.detail or "")
    assert "A thing" not in (entry.detail or "")


def stores(line: Pipeline):
    return {"main": line.store().renderer}


def test_a_changed_input_is_rendered_again(waiting):
    held = the_one(waiting.ledger, ANY)
    document = orjson.loads(held.input or b"")
    line = {"kind": "product", "id": "l", "product_id": "p-1", "sku": "S", "name": "A", "price": 1.0}
    document["commerce"]["lines"] = [{**line, "quantity": 2}]

    owed = edit(waiting.ledger, stores(waiting), held, {"input": document}, SAID, clock=waiting.clock.now)

    assert owed.status == Status.PENDING
    assert orjson.loads(owed.body or b"")["properties"]["products"][0]["quantity"] == 2


def test_what_still_breaks_its_contract_waits_on_with_the_new_reason(waiting):
    held = the_one(waiting.ledger, ANY)
    message = orjson.loads(held.body or b"")
    message["properties"] |= {"products": PRODUCTS, "currency": "dollars"}

    owed = edit(waiting.ledger, stores(waiting), held, {"message": message}, SAID, clock=waiting.clock.now)

    assert (owed.status, owed.detail.split(":")[0]) == (Status.QUARANTINED, "$.properties.currency")
    assert orjson.loads(the_one(waiting.ledger, ANY).body or b"")["properties"]["currency"] == "dollars"


@pytest.mark.parametrize(
    "change", [{}, {"message": []}, {"message": None}, {"input": {"commerce": {}}}, {"something": {}}]
)
def test_a_file_that_says_nothing_to_the_point_is_refused(waiting, change):
    held = the_one(waiting.ledger, ANY)

    with pytest.raises(ConfigurationError):
        edit(waiting.ledger, stores(waiting), held, change, SAID, clock=waiting.clock.now)

    assert waiting.ledger.decisions.entries(9) == []


def test_what_is_shown_and_not_changed_is_refused(waiting):
    held = the_one(waiting.ledger, ANY)

    with pytest.raises(ConfigurationError, match="either its message or its input"):
        edit(waiting.ledger, stores(waiting), held, shown(held), SAID, clock=waiting.clock.now)


def test_what_has_moved_on_is_not_changed(waiting):
    held = the_one(waiting.ledger, ANY)
    message = {**orjson.loads(held.body or b""), "event": "Else"}
    discard(waiting.ledger, ANY, SAID, clock=waiting.clock.now)

    with pytest.raises(AttentionError, match="no longer waits"):
        edit(waiting.ledger, stores(waiting), held, {"message": message}, SAID, clock=waiting.clock.now)


def test_what_may_have_been_sent_can_be_discarded_and_not_changed(line):
    line.shop.place_order(buyer="customer")
    line.segment.faults.always(timeout(0, taken=True))
    line.capture()
    line.deliver(budget=line.budget / 60)
    line.ledger.outbox.expire("segment", line.clock.now(), line.clock.now())
    held = the_one(line.ledger, ANY)
    message = {**orjson.loads(held.body or b""), "event": "Else"}

    with pytest.raises(AttentionError):
        edit(line.ledger, stores(line), held, {"message": message}, SAID, clock=line.clock.now)
    assert discard(line.ledger, ANY, SAID, clock=line.clock.now) == 1


def test_one_is_asked_for_by_its_own_id(line):
    broken(line, 2)

    with pytest.raises(ConfigurationError, match="several messages wait"):
        the_one(line.ledger, ANY)
    with pytest.raises(ConfigurationError, match="no message waits"):
        the_one(line.ledger, Choice(ids=("nobody",)))
