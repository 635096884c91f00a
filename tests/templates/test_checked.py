"""The fast engine's service ends with the first difference that is met in earnest."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from commerce_events.domain.errors import TemplateError
from commerce_events.templates.checked import CheckedTemplate
from commerce_events.templates.engine import FAST, REFERENCE, Service, Serving
from commerce_events.templates.fast_engine import ABSENT, FastEngine
from commerce_events.templates.library import Templates
from commerce_events.templates.reference_engine import ReferenceEngine
from commerce_events.templates.served import serve

pytestmark = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
# The reference counts a null argument as nothing, the fast engine as one.
DIFFERENT = '{"counted": $count(note), "email": email}'
REFERENCE_SAYS = {"counted": 0, "email": "jane@example.com"}
DOCUMENT = {"note": None, "email": "jane@example.com"}


def trusted(source: str, check_every: int) -> CheckedTemplate:
    """Served by the fast engine whatever the trials would say."""
    return CheckedTemplate(
        "t.jsonata",
        ReferenceEngine().compile("t.jsonata", source),
        fast=lambda: FastEngine().compile("t.jsonata", source),
        judge=lambda: Serving(FAST, "is trusted by hand"),
        check_every=check_every,
    )


def evaluate(template: CheckedTemplate, times: int, document: Mapping[str, Any] = DOCUMENT) -> list[Any]:
    return [template.evaluate(document, WHEN) for _ in range(times)]


def test_without_a_check_the_difference_would_leave() -> None:
    assert evaluate(trusted(DIFFERENT, 1_000), 1)[0]["counted"] == 1


def test_the_check_uses_the_references_answer_and_ends_the_fast_engines_service() -> None:
    template = trusted(DIFFERENT, 3)

    told = evaluate(template, 6)

    assert [each["counted"] for each in told] == [1, 1, 0, 0, 0, 0]
    assert told[2] == REFERENCE_SAYS
    assert template.serving == (REFERENCE, "the engines differed in earnest at $.counted")


def test_a_difference_is_counted_and_logged_with_its_places_and_without_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    template = trusted(DIFFERENT, 1)

    with caplog.at_level(logging.ERROR):
        evaluate(template, 3)

    [found] = Templates({"t.jsonata": template}).disagreements
    assert (found.template, found.count, found.paths) == ("t.jsonata", 1, ("$.counted",))
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "$.counted" in caplog.text
    assert "jane" not in caplog.text


def test_which_documents_are_checked_follows_from_their_ids() -> None:
    ids = [str(number) for number in range(4_000)]

    checked = [each for each in ids if differs_once({**DOCUMENT, "id": each}, check_every=100)]

    assert 20 < len(checked) < 80
    assert checked == [each for each in checked if differs_once({**DOCUMENT, "id": each}, check_every=100)]


def differs_once(document: Mapping[str, Any], check_every: int) -> bool:
    SHARED.check_every = check_every
    return SHARED._is_due(document)


SHARED = trusted(DIFFERENT, 1)


def test_a_failure_is_worded_by_the_reference() -> None:
    with pytest.raises(TemplateError, match=r"^t\.jsonata: line 1, column 18: Unable to cast"):
        evaluate(trusted('{"a":$number(email)}', 1_000), 1)


def test_a_failure_of_both_is_no_difference() -> None:
    template = trusted("$number(email)", 1)

    with pytest.raises(TemplateError):
        evaluate(template, 1)

    assert template.disagreements == []


def test_an_answer_where_the_reference_fails_is_a_difference() -> None:
    template = trusted('{"a": 1 / zero > 5}', 1)

    with pytest.raises(TemplateError, match="ZeroDivisionError"):
        evaluate(template, 1, {"zero": 0})

    assert template.serving == (REFERENCE, "the engines differed in earnest at $")


def test_what_was_found_in_earnest_holds_for_every_later_loading() -> None:
    source = '{"a": payload.data.tags[0] = 1, "b": "found in earnest"}'
    first = serve("t.jsonata", source, Service(check_every=1))
    assert first.serving.engine == FAST

    first._withdraw(["$.a"])

    assert serve("t.jsonata", source, Service()).serving.engine == REFERENCE


def test_only_what_the_template_can_read_is_shown_to_it() -> None:
    template = trusted("$keys($)", 1_000)
    template.reads = frozenset({"email"})

    assert evaluate(template, 1) == ["email"]
