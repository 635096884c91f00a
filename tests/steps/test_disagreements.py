"""When the template engines differ in earnest, the run is red; what it recorded is the reference's."""

from dataclasses import replace
from pathlib import Path

import pytest
from pipeline import INCLUDE, Pipeline

from commerce_events.domain.errors import AttentionError
from commerce_events.domain.facts import Kind
from commerce_events.steps.capture import capture_changes
from commerce_events.steps.store import OpenStore
from commerce_events.templates.checked import CheckedTemplate
from commerce_events.templates.engine import FAST, Serving
from commerce_events.templates.fast_engine import ABSENT, FastEngine
from commerce_events.templates.library import Templates
from commerce_events.templates.reference_engine import ReferenceEngine

pytestmark = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)

# The reference rounds 37.535 down, the fast engine up.
ROUNDED = '"coupon": $formatNumber(37.535, "0.00")'


def store_that_trusts(line: Pipeline, template: str) -> OpenStore:
    """The fast engine serves this template untried, and each of its answers is checked."""
    store = line.store()
    file = store.settings.tracking(Kind.CHECKOUT_STARTED).template
    trusted = CheckedTemplate(
        file,
        ReferenceEngine().compile(file, template),
        fast=lambda: FastEngine().compile(file, template),
        judge=lambda: Serving(FAST, "is trusted by hand"),
        check_every=1,
    )
    others = Templates.load(INCLUDE / "templates", store.settings.templates())
    templates = Templates({**others._by_file, file: trusted})
    return replace(store, renderer=replace(store.renderer, templates=templates))


@pytest.fixture
def template() -> str:
    shipped = Path(INCLUDE / "templates/segment/elasticpath/checkout_started.jsonata").read_text()
    return shipped.replace('"coupon": commerce.order.coupon', ROUNDED)


def test_a_difference_turns_the_run_red_after_everything_was_recorded(line: Pipeline, template: str) -> None:
    line.shop.place_order()
    line.shop.place_order()

    with pytest.raises(AttentionError, match=r"checkout_started\.jsonata: 1 places, among them \$\.prop"):
        capture_changes(store_that_trusts(line, template), "orders")
    line.deliver()

    sent = line.messages("Checkout Started")
    assert [message["properties"]["coupon"] for message in sent] == ["37.53", "37.53"]


def test_engines_that_agree_leave_the_run_green(line: Pipeline, template: str) -> None:
    line.shop.place_order()

    capture_changes(store_that_trusts(line, template.replace("37.535", "37.5")), "orders")
    line.deliver()

    [message] = line.messages("Checkout Started")
    assert message["properties"]["coupon"] == "37.50"
