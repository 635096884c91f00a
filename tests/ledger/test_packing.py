"""Inputs come out of the ledger as they went in, whichever library packed them."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from commerce_events.ledger.packing import packed, unpacked


@given(st.binary(max_size=5_000))
def test_an_input_comes_back_as_it_was(content: bytes) -> None:
    assert unpacked(packed(content)) == content


@given(st.binary(max_size=5_000))
def test_inputs_are_readable_with_and_without_the_fast_library(content: bytes) -> None:
    assert zlib.decompress(packed(content)) == content
    assert unpacked(zlib.compress(content, 1)) == content


def test_no_input_is_kept_as_none() -> None:
    assert unpacked(None) is None
