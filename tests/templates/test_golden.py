"""Golden cases: those of the project hold, and the runner notices when one does not."""

import json
from pathlib import Path
from typing import Any

import pytest

from commerce_events.domain.errors import ConfigurationError
from commerce_events.templates.golden import CaseResult, run_golden

PROJECT = Path(__file__).parents[2]
TEMPLATES, CONTRACTS = PROJECT / "include/templates", PROJECT / "include/contracts"
CASES = Path(__file__).parent / "golden"
RESULTS = run_golden(TEMPLATES, CONTRACTS, CASES)
WANTED = {
    "one_line",
    "two_lines",
    "many_lines",
    "guest",
    "currency_without_decimals",
    "currency_with_three_decimals",
    "discount",
    "shipping_as_a_line",
    "custom_items",
    "anonymised",
    "consent",
}
OF_CUSTOMERS = {
    "anonymised",
    "custom_fields",
    "non_ascii_name",
    "single_word_name",
    "orders_add_up",
}


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: f"{result.template}:{result.case}")
def test_a_golden_case_holds(result: CaseResult) -> None:
    assert result.problems == ()


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("segment/elasticpath/order_*.jsonata")), ids=str)
def test_every_order_template_is_met_with_the_hard_orders(template: Path) -> None:
    name = template.relative_to(TEMPLATES).with_suffix("").as_posix()

    met = {result.case for result in RESULTS if result.template == name}

    assert met >= WANTED


@pytest.mark.parametrize("name", ["customer_created", "customer_updated"])
def test_every_customer_template_is_met_with_the_hard_people(name: str) -> None:
    met = {result.case for result in RESULTS if result.template.endswith(name)}

    assert met >= OF_CUSTOMERS


def test_refunds_have_a_case_for_a_part_the_rest_and_the_whole() -> None:
    met = {result.case for result in RESULTS if result.template.endswith("order_refunded")}

    assert met >= {"in_part", "the_rest", "one_line"}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A template that answers what it is given, with one case that holds."""
    write(tmp_path / "templates/segment/shop/echo.jsonata", "answer")
    write(tmp_path / "cases/segment/shop/echo/good.input.json", given(quantity=1))
    write(tmp_path / "cases/segment/shop/echo/good.expected.json", call(quantity=1.0))
    return tmp_path


def run(world: Path) -> list[CaseResult]:
    return run_golden(world / "templates", CONTRACTS, world / "cases")


def given(**properties: Any) -> dict[str, Any]:
    commerce = {"event": {"occurred_at": "2026-03-01T12:00:00Z"}, "identity": {"userId": "u"}}
    return {"commerce": commerce, "answer": call(**properties)}


def call(**properties: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Something Happened", "properties": properties}


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def test_numbers_are_compared_as_numbers(world: Path) -> None:
    results = run(world)

    assert results == [CaseResult("segment/shop/echo", "good")]
    assert results[0].passed


def test_a_case_that_differs_says_where(world: Path) -> None:
    write(world / "cases/segment/shop/echo/good.expected.json", call(quantity=2, price=True))

    [result] = run(world)

    assert result.problems == (
        "$[0].properties.quantity: expected 2, got 1",
        "$[0].properties.price: expected True, got nothing",
    )


def test_true_is_not_one(world: Path) -> None:
    write(world / "cases/segment/shop/echo/good.expected.json", call(quantity=True))

    [result] = run(world)

    assert result.problems == ("$[0].properties.quantity: expected True, got 1",)


def test_a_template_without_cases_fails(world: Path) -> None:
    write(world / "templates/segment/shop/untested.jsonata", "{}")

    assert CaseResult("segment/shop/untested", "", ("has no golden cases",)) in run(world)


def test_cases_without_a_template_fail(world: Path) -> None:
    write(world / "cases/segment/shop/renamed/good.input.json", given())

    assert CaseResult("segment/shop/renamed", "", ("has cases, and is no template",)) in run(world)


def test_a_message_must_keep_its_contract(world: Path) -> None:
    bad = {**call(), "event": " "}
    write(world / "cases/segment/shop/echo/good.input.json", {**given(), "answer": bad})
    write(world / "cases/segment/shop/echo/good.expected.json", bad)

    [result] = run(world)

    assert result.problems == (
        "breaks its contract: $.event must be a string that is not empty (contract:pattern)",
    )


def test_a_case_may_say_that_the_contract_is_broken(world: Path) -> None:
    bad = {**call(), "event": " "}
    write(world / "cases/segment/shop/echo/good.input.json", {**given(), "answer": bad})
    write(world / "cases/segment/shop/echo/good.expected.json", bad)
    write(
        world / "cases/segment/shop/echo/good.violation.json",
        {"reason": "contract:pattern", "path": "$.event"},
    )

    [result] = run(world)

    assert result.passed


def test_a_violation_that_does_not_come_fails_the_case(world: Path) -> None:
    write(
        world / "cases/segment/shop/echo/good.violation.json",
        {"reason": "contract:pattern", "path": "$.event"},
    )

    [result] = run(world)

    assert result.problems == ("does not break its contract with contract:pattern at $.event",)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("good.expected.json", "{", "line 1, column 2"),
        ("good.input.json", '{"commerce": {"event": {"occurred_at": "2026-03-01"}}}', "with its zone"),
        ("good.input.json", "[]", "commerce.event.occurred_at"),
        ("other.input.json", "{}", "no such file"),
    ],
)
def test_a_case_that_cannot_be_read_fails_and_names_the_file(
    world: Path, name: str, content: str, said: str
) -> None:
    write(world / "cases/segment/shop/echo" / name, content)

    failed = [result for result in run(world) if not result.passed]

    assert len(failed) == 1
    assert said in failed[0].problems[0]
    assert "segment/shop/echo" in failed[0].problems[0]


def test_a_template_that_does_not_parse_stops_the_run(world: Path) -> None:
    write(world / "templates/segment/shop/echo.jsonata", "{")

    with pytest.raises(ConfigurationError, match=r"echo\.jsonata: line 1"):
        run(world)
