"""A record's fingerprint is that of its content without links, however it is worked out."""

from hashlib import blake2b
from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from commerce_events.sources.elasticpath.documents import fingerprint, without_secrets

NAMES = st.sampled_from(["links", "a", "z", 'links":', '"links":{}', "password", "payment_intent", "{", "\\"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | NAMES | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example({"links": {}})
@example({"links": {"self": "https://x/{id}"}, "z": 1})
@example({"a": 1, "links": {"self": None, "next": "y"}})
@example({"links": {"links": {}}, "z": {"links": {}}})
@example({"links": [], "z": '"links":{},'})
def test_links_do_not_count(content: Any) -> None:
    plain = orjson.dumps(without(content, {"links"}), option=orjson.OPT_SORT_KEYS)

    assert fingerprint(content) == blake2b(plain, digest_size=16).digest()


@given(VALUES)
def test_secrets_are_taken_out_wherever_they_stand(content: Any) -> None:
    assert without_secrets(content) == without(content, {"password", "payment_intent"})


def test_what_holds_no_secret_is_not_copied() -> None:
    document = {"data": {"id": "o-1", "note": "password"}}

    assert without_secrets(document) is document


def without(value: Any, names: set[str]) -> Any:
    """The plain way."""
    if isinstance(value, dict):
        return {key: without(inner, names) for key, inner in value.items() if key not in names}
    return [without(inner, names) for inner in value] if isinstance(value, list) else value
