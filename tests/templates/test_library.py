"""Loading and rendering templates by file."""

import os
from pathlib import Path

import pytest
from templates.samples import WHEN

from commerce_events.domain.errors import ConfigurationError, TemplateError
from commerce_events.templates.library import Templates


def load(folder: Path, source: str | bytes) -> Templates:
    (folder / "t.jsonata").write_bytes(source.encode() if isinstance(source, str) else source)
    return Templates.load(folder, ["t.jsonata"])


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ('{"type": "track"}', [{"type": "track"}]),
        ('[{"part": 1}, {"part": 2}]', [{"part": 1}, {"part": 2}]),
        ('[items.{"sku": sku}]', []),
        ("items", []),
        ("null", []),
        ("[]", []),
    ],
)
def test_a_template_makes_none_one_or_several_calls(
    tmp_path: Path, source: str, calls: list[dict[str, object]]
) -> None:
    assert load(tmp_path, source).render("t.jsonata", {"items": []}, WHEN) == calls


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('"secret"', "call 1 is a string"),
        ("42", "call 1 is a number"),
        ("true", "call 1 is true or false"),
        ('[{"a": 1}, null]', "call 2 is null"),
        ('[{"a": 1}, [[2]]]', "call 2 is a list"),
    ],
)
def test_anything_else_is_an_error_of_the_template(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(TemplateError, match=rf"^t\.jsonata: {said}; a call is an object$"):
        load(tmp_path, source).render("t.jsonata", {}, WHEN)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"segment/none\.jsonata: there is no such template"):
        Templates.load(tmp_path, ["segment/none.jsonata"])


def test_a_template_that_does_not_parse_is_named_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"/t\.jsonata: line 3, column 1: .*\(S0211\)$"):
        load(tmp_path, '{\n"a":\n}')


def test_a_template_that_is_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"t\.jsonata: byte 1 is not UTF-8"):
        load(tmp_path, b"a\xff")


def test_a_folder_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "t.jsonata").mkdir()

    with pytest.raises(ConfigurationError, match=r"t\.jsonata: cannot be read"):
        Templates.load(tmp_path, ["t.jsonata"])


@pytest.mark.parametrize("file", ["../t.jsonata", "/etc/hostname", "a/../../t.jsonata"])
def test_templates_come_from_their_folder_only(tmp_path: Path, file: str) -> None:
    with pytest.raises(ConfigurationError, match="is outside of"):
        Templates.load(tmp_path, [file])


def test_a_template_may_begin_with_a_byte_order_mark_and_end_lines_as_windows_does(tmp_path: Path) -> None:
    source = b'\xef\xbb\xbf{\r\n"a": 1\r\n}\r\n/* end */'

    assert load(tmp_path, source).render("t.jsonata", {}, WHEN) == [{"a": 1}]


def test_a_template_nobody_named_was_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"other\.jsonata was not loaded"):
        load(tmp_path, "{}").render("other.jsonata", {}, WHEN)


def test_a_template_named_twice_is_loaded_once(tmp_path: Path) -> None:
    load(tmp_path, "{}")

    assert Templates.load(tmp_path, ["t.jsonata", "t.jsonata"]).render("t.jsonata", {}, WHEN) == [{}]


def test_a_template_that_fails_names_itself_and_the_place(tmp_path: Path) -> None:
    templates = load(tmp_path, '{\n  "total": 1 / quantity\n}')

    with pytest.raises(TemplateError, match=r"t\.jsonata: line 2, column \d+: "):
        templates.render("t.jsonata", {"quantity": 0}, WHEN)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_template_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.jsonata").touch(mode=0o000)

    with pytest.raises(ConfigurationError, match="cannot be read"):
        Templates.load(tmp_path, ["t.jsonata"])
