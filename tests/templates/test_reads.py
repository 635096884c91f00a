"""What a template cannot read it need not be shown: the answer is the same without."""

from datetime import UTC, datetime

import orjson
import pytest
from templates.expressions import EXPRESSIONS

from commerce_events.templates.reads import only, reads
from commerce_events.templates.reference_engine import ReferenceEngine, ReferenceTemplate
from commerce_events.templates.trial_documents import trial_documents
from commerce_events.templates.verdicts import answer

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
DOCUMENTS = [*trial_documents()]


def compiled(source: str) -> ReferenceTemplate:
    return ReferenceEngine().compile("t.jsonata", source)


def fields(source: str) -> frozenset[str] | None:
    return reads(compiled(source).compiled().ast)


@pytest.mark.parametrize(
    "source",
    [
        "$$.a",
        "$",
        "a[$ > 1]",
        "*",
        "**",
        "a.$keys()",
        "$string()",
        "$spread()",
        "($k := $keys; $k())",
        "$each(function($v) {$v})",
        "$lookup('a')",
        "function($x)<x-:x> {$x}",
        "$ ~> |a|{}|",
        "a.b.(%.c)",
    ],
)
def test_what_may_read_anything_is_shown_everything(source: str) -> None:
    assert fields(source) is None


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("commerce.order.id", {"commerce", "order", "id"}),
        ("$keys(a)", {"a"}),
        ("a ~> $keys", {"a"}),
        ("$map(a, $string)", {"a"}),
        ('"quoted name".b', {"quoted name", "b"}),
        ("$now()", set()),
        ("a{b: c}", {"a", "b", "c"}),
        ("a^(b)[c = 1]", {"a", "b", "c"}),
    ],
)
def test_the_fields_it_names_are_all_it_can_read(source: str, named: set[str]) -> None:
    assert fields(source) == named


@pytest.mark.parametrize(
    "source", [*EXPRESSIONS, "payload.data.status", "data.id", "commerce.lines.sku", "id"]
)
def test_without_the_rest_the_answer_is_the_same(source: str) -> None:
    template = compiled(source.replace("order.", "commerce."))
    names = reads(template.compiled().ast)

    for document in DOCUMENTS:
        assert answer(template, only(document, names), WHEN) == answer(template, document, WHEN)


@pytest.mark.parametrize("source", ["$length(resources)", "$$.resources", "$keys()", "$count(**)"])
def test_whoever_may_read_the_payload_as_text_is_shown_it(source: str) -> None:
    body = {"integration": {}, "payload": orjson.Fragment(b'{"data":{"id":"order-1"}}'), "commerce": {}}

    assert only(body, fields(source))["resources"] == '{"data":{"id":"order-1"}}'
    assert "resources" not in only(body, fields("payload.data.id"))


def test_the_document_itself_is_left_as_it_was() -> None:
    document = {"a": 1, "b": 2}

    assert only(document, frozenset({"a"})) == {"a": 1}
    assert document == {"a": 1, "b": 2}
    assert only(document, None) is document
