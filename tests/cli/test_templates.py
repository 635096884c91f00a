"""`commerce-events templates test`: the golden cases of the templates in use."""

import json
import shutil
from pathlib import Path

import pytest
from terminal import SETTINGS, Terminal

from commerce_events.templates.fast_engine import ABSENT

GOLDEN = Path(__file__).parents[1] / "templates" / "golden"
COMPLETED = "segment/elasticpath/order_completed"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "golden")
    return tmp_path / "golden"


def test_the_shipped_templates_hold_their_cases(terminal: Terminal) -> None:
    result = terminal.run("templates", "test")

    assert result.exit_code == 0, result.output
    assert f"{COMPLETED} " in result.output


def test_a_case_that_differs_says_where(terminal: Terminal, cases: Path) -> None:
    case = cases / f"{COMPLETED}/guest.expected.json"
    message = json.loads(case.read_text())
    message["properties"]["currency"] = "XXX"
    case.write_text(json.dumps(message))

    result = terminal.run("templates", "test", "--folder", str(cases))

    assert result.exit_code == 1
    assert f"\n{COMPLETED} / guest\n" in result.output
    assert ".properties.currency: expected 'XXX', got " in result.output


def test_only_templates_in_use_are_tested_unless_all_are_asked_for(terminal: Terminal, cases: Path) -> None:
    (terminal.include / "templates/segment/draft.jsonata").write_text('{"type": "track"}')

    used = terminal.run("templates", "test", "--folder", str(cases))
    every = terminal.run("templates", "test", "--folder", str(cases), "--all")

    assert (used.exit_code, every.exit_code) == (0, 1)
    assert "has no golden cases" in every.output


def test_a_template_in_use_without_cases_fails(terminal: Terminal, cases: Path) -> None:
    shutil.copy(
        terminal.include / f"templates/{COMPLETED}.jsonata",
        terminal.include / "templates/segment/own.jsonata",
    )
    terminal.settings(SETTINGS + '[trackings.order_completed]\ntemplate = "segment/own.jsonata"')

    result = terminal.run("templates", "test", "--folder", str(cases))

    assert result.exit_code == 1
    assert "segment/own\n  has no golden cases" in result.output


def test_a_template_that_does_not_parse_is_one_message(terminal: Terminal) -> None:
    (terminal.include / f"templates/{COMPLETED}.jsonata").write_text('{"a": ')

    result = terminal.run("templates", "test")

    assert result.exit_code == 2
    assert "order_completed.jsonata: line 1, column " in result.output
    assert "Traceback" not in result.output


def test_a_folder_that_is_not_there_is_named(terminal: Terminal) -> None:
    result = terminal.run("templates", "test", "--folder", "nowhere")

    assert result.exit_code == 2
    assert "there is no folder nowhere" in result.output


def test_which_engine_serves_each_template_is_shown_with_the_reason(terminal: Terminal) -> None:
    text = (terminal.include / f"templates/{COMPLETED}.jsonata").read_text()
    changed = text.replace("commerce.order.coupon", '$replace(commerce.order.coupon, /x/, "x")')
    (terminal.include / f"templates/{COMPLETED}.jsonata").write_text(changed)
    terminal.settings(SETTINGS + '[trackings.order_updated]\nengine = "reference"')

    said = terminal.run("templates", "test").output.partition("Engines")[2].splitlines()

    lines = {line.split()[0]: line for line in said if line.strip()}
    assert "reference" in lines[COMPLETED]
    assert "in a process of its own, with limits: it uses a regular expression" in lines[COMPLETED]
    assert "commerce.toml says so" in lines["segment/elasticpath/order_updated"]
    assert ABSENT or "agrees in" in lines["segment/elasticpath/order_cancelled"]


@pytest.fixture
def versions(terminal: Terminal, tmp_path: Path) -> tuple[str, str]:
    """The shipped template, and one that tells the currency in small letters."""
    old = terminal.include / f"templates/{COMPLETED}.jsonata"
    new = tmp_path / "order_completed_2.jsonata"
    new.write_text(old.read_text().replace("commerce.money.currency", "$lowercase(commerce.money.currency)"))
    return str(old), str(new)


def paid_order(terminal: Terminal) -> str:
    order = terminal.shop.place_order(buyer="customer")
    terminal.shop.pay(order)
    return order


def test_two_versions_are_compared_over_what_was_told(terminal: Terminal, versions: tuple[str, str]) -> None:
    orders = [paid_order(terminal) for _ in range(3)]
    terminal.sync()
    before = terminal.rows()

    result = terminal.run("templates", "diff", *versions)

    assert result.exit_code == 1, result.output
    place, count, example = next(
        line.split() for line in result.output.splitlines() if line.startswith("$[0].properties.currency")
    )
    assert (place, count) == ("$[0].properties.currency", "3")
    assert example in orders
    assert terminal.rows() == before


def test_content_is_shown_only_when_asked_for(terminal: Terminal, versions: tuple[str, str]) -> None:
    paid_order(terminal)
    terminal.sync()

    silent, told = (terminal.run("templates", "diff", *versions, *more).output for more in ((), ("--show",)))

    assert "'" not in silent
    assert "'eur'" in told.lower()


def test_equal_versions_are_told_in_numbers(terminal: Terminal, versions: tuple[str, str]) -> None:
    for _ in range(3):
        paid_order(terminal)
    terminal.sync()

    result = terminal.run("templates", "diff", versions[0], versions[0], "--last", "2")

    assert result.exit_code == 0, result.output
    assert ["equal", "2"] in [line.split() for line in result.output.splitlines()]


def test_a_version_that_fails_is_counted(terminal: Terminal, versions: tuple[str, str]) -> None:
    paid_order(terminal)
    terminal.sync()
    Path(versions[1]).write_text('{"a": $number(commerce.store)}')

    result = terminal.run("templates", "diff", *versions)

    assert result.exit_code == 1
    assert ["failed", "1"] in [line.split() for line in result.output.splitlines()]
    assert "Unable to cast" in result.output


def test_a_file_whose_name_says_nothing_needs_the_tracking(terminal: Terminal, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonata"
    own.write_text("{}")

    nameless = terminal.run("templates", "diff", str(own), str(own))
    named = terminal.run("templates", "diff", str(own), str(own), "--tracking", "order_completed")

    assert nameless.exit_code == 2
    assert "--tracking" in nameless.output
    assert named.exit_code == 0, named.output
