"""Ten thousand bodies that nobody foresaw: never an error of ours, never a row from a stranger."""

import json
from collections import Counter

import orjson
import pytest
from asgi import Call, ask
from doorway import DOOR, JSON, ORDER, SECRET
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from commerce_events.ledger.tables import inbox

EXAMPLES, TOGETHER = 250, 40  # ten thousand inputs, in as many writes as there are examples
NAMES = ["id", "triggered_by", "type", "payload", "data", "resources", "configuration", "secret_key", "meta"]
NAMES += ["timestamps", "updated_at", "relationships", "order", "customer", "included", "attempt"]
WORDS = [
    "order.paid",
    "transaction.updated",
    "customer.deleted",
    "2026-11-01T00:00:00Z",
    SECRET,
    "..",
    "\x00",
]

texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=20))
leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES) | texts, inner, max_size=5)
    ),
    max_leaves=12,
)
events = st.fixed_dictionaries({}, optional={name: values for name in NAMES}).map(
    lambda one: {**ORDER, **one}
)
as_json = st.one_of(values, events).map(lambda one: json.dumps(one).encode("utf-8", "surrogatepass"))
RAW = orjson.dumps(ORDER)


@st.composite
def damaged(draw):
    """A real webhook with a piece missing, doubled or overwritten."""
    start = draw(st.integers(0, len(RAW)))
    end = draw(st.integers(start, min(len(RAW), start + 40)))
    return RAW[:start] + draw(st.binary(max_size=10) | st.just(RAW[start:end] * 2)) + RAW[end:]


deep = st.tuples(st.sampled_from([b"[", b'{"payload":', b'{"a":[']), st.integers(1, 3_000)).map(
    lambda one: one[0] * one[1]
)
bodies = st.one_of(as_json, damaged(), st.binary(max_size=60), deep, st.just(RAW.decode().encode("utf-16")))
stores = st.one_of(
    st.sampled_from(["main", "main", "main", "", "..", "../main", "main/..", "doorless", "%2e%2e", "a/b/c"]),
    st.text(max_size=10),
)
keys = st.one_of(
    st.just(SECRET.encode()),
    st.sampled_from([None, b"", SECRET.encode()[:-1], SECRET.encode() + b"\x00", SECRET.upper().encode()]),
    st.binary(max_size=30),
)
kinds = st.one_of(st.just(JSON[1]), st.binary(max_size=30))


@st.composite
def calls(draw):
    key = draw(keys)
    headers = [(b"content-type", draw(kinds))] + ([(b"x-moltin-secret-key", key)] if key is not None else [])
    body, cut = draw(bodies), draw(st.integers(0, 50))
    return Call(f"/webhooks/elasticpath/{draw(stores)}", headers=headers, chunks=[body[:cut], body[cut:]])


def allowed(one: Call) -> set[int]:
    """Only the key of the store whose door it is at opens it."""
    if "\n" in one.path:
        return {401, 404}  # few routes have lines
    if one.path == DOOR and dict(one.headers).get(b"x-moltin-secret-key") == SECRET.encode():
        return {202, 415, 422}
    return {401}


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_ten_thousand_bodies_never_break_the_door_nor_get_past_it(app, ledger):
    seen: Counter[int] = Counter()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(calls(), min_size=TOGETHER, max_size=TOGETHER))
    def knock(several):
        with ledger.engine.begin() as connection:
            connection.execute(delete(inbox))
        answers = ask(app, *several)
        seen.update(one.status for one in answers)

        with ledger.engine.connect() as connection:
            rows = connection.execute(select(inbox.c.store, inbox.c.body)).all()
        taken = sum(one.status == 202 for one in answers)
        assert bool(taken) <= len(rows) <= taken
        assert {row.store for row in rows} <= {"main"}
        assert not [row for row in rows if b"secret_key" in bytes(row.body)]
        for one, answer in zip(several, answers, strict=True):
            assert answer.status in allowed(one)

    knock()

    assert seen.total() >= EXAMPLES * TOGETHER
    assert min(seen[202], seen[401], seen[415], seen[422]) > 100, seen
