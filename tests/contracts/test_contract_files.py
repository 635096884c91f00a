"""Contract files: a broken one is refused when it is loaded, with its name and the place."""

import json
from pathlib import Path
from typing import Any

import pytest

from commerce_events.contracts.contracts import Contracts
from commerce_events.contracts.violations import Violation
from commerce_events.domain.errors import ConfigurationError

SHIPPED = Path(__file__).parents[2] / "include/contracts/segment"
EMAIL = "jane@example.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Contracts that allow everything."""
    for name in ("track", "identify"):
        write(tmp_path, name, {})
    return tmp_path


def write(folder: Path, name: str, schema: Any) -> None:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    (folder / f"{name}.schema.json").write_text(text)


def refused(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Contracts.load(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ('{\n  "type": "object",\n}', "quiz.schema.json: line "),
        ("", "quiz.schema.json: line 1, column 1: not JSON"),
        ({"type": "strnig"}, "quiz.schema.json: not a schema at $.type"),
        ({"properties": {"a": {"minimum": "1"}}}, "quiz.schema.json: not a schema at $.properties.a.minimum"),
        ({"pattern": "("}, "quiz.schema.json: not a schema at $.pattern"),
        ({"$ref": "none.schema.json"}, "quiz.schema.json: none.schema.json leads nowhere"),
        ({"items": [{"$ref": "#/definitions/none"}]}, "quiz.schema.json: #/definitions/none leads nowhere"),
        ({"$ref": "track.schema.json#/definitions/none"}, "definitions/none leads nowhere"),
        ("[]", "quiz.schema.json: "),
        ("true", "quiz.schema.json: a contract is an object"),
    ],
)
def test_a_broken_contract_is_refused_with_its_name_and_the_place(
    folder: Path, schema: Any, said: str
) -> None:
    write(folder, "quiz", schema)

    assert said in refused(folder)


def test_a_contract_that_is_not_text_is_named(folder: Path) -> None:
    (folder / "quiz.schema.json").write_bytes(b'{"a\xff')

    assert "quiz.schema.json: byte 3 is not UTF-8" in refused(folder)


@pytest.mark.parametrize("name", ["track", "identify"])
def test_the_contracts_for_any_call_are_needed(folder: Path, name: str) -> None:
    (folder / f"{name}.schema.json").unlink()

    assert f"{name}.schema.json is missing" in refused(folder)


def test_a_folder_without_contracts_is_refused(tmp_path: Path) -> None:
    assert "there are no contracts" in refused(tmp_path / "none")


def test_an_event_of_ones_own_is_met_with_a_contract_of_its_name(folder: Path) -> None:
    write(folder, "quiz_completed", {"required": ["answers"]})
    contracts = Contracts.load(folder)

    found = contracts.violation({"type": "track", "event": "Quiz Completed"})

    assert found == Violation("contract:required", "$.answers", "is missing")
    assert contracts.violation({"type": "track", "event": "Quiz Started"}) is None


def test_another_type_of_call_may_have_a_contract(folder: Path) -> None:
    write(folder, "group", {"required": ["groupId"]})

    found = Contracts.load(folder).violation({"type": "group"})

    assert found is not None
    assert found.path == "$.groupId"


def test_an_event_cannot_borrow_the_contract_of_a_type(folder: Path) -> None:
    write(folder, "identify", {"required": ["traits"]})
    write(folder, "track", {"required": ["properties"]})

    found = Contracts.load(folder).violation({"type": "track", "event": "identify"})

    assert found is not None
    assert found.path == "$.properties"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"type": ["string", "null"]}, "must be of type string or null"),
        ({"enum": ["a", "b"]}, "must be one of a or b"),
        ({"const": 1}, "must be 1"),
        ({"maximum": 0}, "may be at most 0"),
        ({"minimum": 9}, "must be at least 9"),
        ({"multipleOf": 4}, "breaks the rule multipleOf"),
        ({"type": "string", "$comment": "must be a name"}, "must be a name"),
        ({"not": {}}, "breaks the rule not"),
    ],
)
def test_a_violation_says_the_rule_in_words(folder: Path, rule: dict[str, Any], said: str) -> None:
    write(folder, "track", {"properties": {"n": rule}})

    found = Contracts.load(folder).violation({"type": "track", "n": 5})

    assert found is not None
    assert (found.path, found.message) == ("$.n", said)


def test_a_key_made_of_data_is_not_shown(folder: Path) -> None:
    write(folder, "track", {"properties": {"traits": {"additionalProperties": {"type": "number"}}}})

    found = Contracts.load(folder).violation({"type": "track", "traits": {EMAIL: EMAIL}})

    assert found is not None
    assert found.path == "$.traits[*]"


def test_a_property_that_is_not_allowed_is_not_shown(folder: Path) -> None:
    write(folder, "track", {"additionalProperties": False, "properties": {"type": {}}})

    found = Contracts.load(folder).violation({"type": "track", EMAIL: 1})

    assert found == Violation("contract:additionalProperties", "$", "breaks the rule additionalProperties")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.schema.json")), ids=lambda path: path.stem)
def test_a_shipped_contract_is_draft_07_and_carries_its_files_name(path: Path) -> None:
    schema = json.loads(path.read_text())

    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["$id"] == path.name
