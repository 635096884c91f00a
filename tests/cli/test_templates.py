"""`commerce-events templates test`: the golden cases of the templates in use."""

import json
import shutil
from pathlib import Path

import pytest
from terminal import SETTINGS, Terminal

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
