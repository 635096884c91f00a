"""A document that is text until somebody looks into it."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.written import Written

VALUES = st.recursive(st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(), st.lists)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_it_is_what_the_text_says(document: dict[str, object]) -> None:
    written = Written(orjson.dumps(document))

    assert dict(written) == document
    assert written == document
    assert len(written) == len(document)


def test_it_is_parsed_once_and_not_before() -> None:
    written = Written(b"this is no JSON yet")
    written.text = b'{"data": {"id": "o-1"}}'

    assert written["data"] is written["data"]


def test_it_does_not_print_what_it_holds() -> None:
    assert "jane@example.com" not in repr(Written(b'{"email": "jane@example.com"}'))
