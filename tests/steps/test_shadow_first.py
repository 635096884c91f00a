"""Where a shadow is named before the real destination, ids stay whose they are, whatever a person decides."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from pipeline import SETTINGS, Pipeline
from steps.test_correct import QUIET, SAID, SENT, renderers
from steps.test_decide import PRODUCTS, broken, stores

from commerce_events.config import settings_of
from commerce_events.domain.deliveries import Status
from commerce_events.ledger.waiting import Choice
from commerce_events.steps.correct import correct
from commerce_events.steps.decide import edit, the_one

pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)


def name(line: Pipeline, folder: Path, *destinations: str) -> None:
    shadow = {"kind": "shadow", "folder": str(folder)}
    own = {**SETTINGS["stores"]["main"], "destinations": list(destinations)}
    known = {"segment": {}, "shadow": shadow}
    line.settings = settings_of({**SETTINGS, "destinations": known, "stores": {"main": own}})


@pytest.mark.parametrize(
    ("destinations", "edited"),
    [(("shadow", "segment"), "segment"), (("shadow", "segment"), "shadow"), (("shadow",), "shadow")],
)
def test_an_edited_message_keeps_its_id(
    line: Pipeline, tmp_path: Path, destinations: tuple[str, ...], edited: str
) -> None:
    name(line, tmp_path, *destinations)
    broken(line)
    held = the_one(line.ledger, Choice(destination=edited))
    message = orjson.loads(held.body or b"")
    change = {"message": {**message, "properties": {**message["properties"], "products": PRODUCTS}}}

    owed = edit(line.ledger, stores(line), held, change, SAID, clock=line.clock.now)

    assert owed.status == Status.PENDING
    assert orjson.loads(owed.body or b"")["messageId"] == message["messageId"]


def test_a_correction_names_the_message_that_was_sent(line: Pipeline, tmp_path: Path) -> None:
    name(line, tmp_path, "shadow", "segment")
    line.shop.pay(line.shop.place_order(buyer="customer"))
    line.run()
    (sent,) = line.messages("Order Completed")

    mended = renderers(line, store="elsewhere")
    at_segment = replace(SENT, destination="segment")
    correct(line.ledger, mended, at_segment, QUIET, SAID, dry_run=False, clock=line.clock.now)
    line.deliver()

    _, correction = line.messages("Order Completed")
    assert correction["context"]["correction"]["of"] == sent["messageId"]
