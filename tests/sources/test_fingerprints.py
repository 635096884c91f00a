"""A record's fingerprint is that of its content without links, however it is worked out."""

import json
from hashlib import blake2b
from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from commerce_events.sources.elasticpath.documents import fingerprint, without_secrets
from commerce_events.sources.elasticpath.watched import watched

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


@given(VALUES, VALUES)
@example({"a": 1, "z": [None, {"links": {}}]}, {"z": [None, {}], "a": 1})
@example({"a": {"links": {"z": 1}}}, {})
@example({"a": 1e16}, {"a": 10**16})
def test_a_watched_group_changes_with_what_it_says(one: Any, other: Any) -> None:
    assert (flow(one) == flow(other)) is (said({"note": one}) == said({"note": other}))


@given(VALUES)
def test_what_says_nothing_changes_no_watched_group(content: Any) -> None:
    assert flow(content) == flow(with_noise(content))


def flow(content: Any) -> str:
    order = {"meta": {"display_price": {}}, "tracking_note": content}
    return watched({"data": order, "included": {"items": []}}, [])["custom"]


def said(value: Any) -> str:
    """The plain way; as text, because Python takes 1 for True and 1.0."""
    return json.dumps(plain(value), sort_keys=True)


def plain(value: Any) -> Any:
    """What no group says of a field: that it is null, that it holds nothing; and what its links are."""
    if isinstance(value, dict):
        told = {key: plain(inner) for key, inner in value.items() if key != "links" and inner is not None}
        return {key: inner for key, inner in told.items() if inner != {}}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def with_noise(value: Any) -> Any:
    if isinstance(value, dict):
        told = {key: with_noise(inner) for key, inner in reversed(value.items())}
        noise = {"updated_at": 1, "nothing": None, "empty": {"formatted": "$1"}}
        return {**noise, **told, "links": {"self": "x"}}
    return [with_noise(inner) for inner in value] if isinstance(value, list) else value


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
