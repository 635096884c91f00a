"""A record's fingerprint is that of its content without links, however it is worked out."""

from hashlib import blake2b
from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from commerce_events.domain.states import short_hash
from commerce_events.sources.elasticpath.documents import fingerprint, without_secrets
from commerce_events.sources.elasticpath.watched import stable, watched

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


@given(VALUES, st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**63))
@example({"A": [{"é": None}], "z": {"links": {}}, "\U0001f600": "\u2028\x7f\x01"}, 1e16)
@example({"\uffff": 1, "\U00010000": 2}, -0.0)
def test_a_watched_group_is_told_by_the_hash_that_ledgers_hold(content: Any, number: float) -> None:
    order = {"meta": {"display_price": {}}, "flow": content, "amounts": [number, {"of": number}]}

    found = watched({"data": order, "included": {"items": []}})

    values = {"flow": content, "amounts": [number, {"of": number}], "related": {}, "custom_attributes": None}
    assert found["custom"] == short_hash(stable(values))


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
