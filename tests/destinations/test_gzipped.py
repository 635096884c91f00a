"""Batches are packed so that anyone can unpack them, with the fast packer and without."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.destinations.gzipped import _with_zlib, gzipped


@pytest.mark.parametrize("pack", [gzipped, _with_zlib])
@given(content=st.binary(max_size=2_000).map(lambda part: part * 50))
def test_what_is_packed_can_be_unpacked(pack, content: bytes) -> None:  # type: ignore[no-untyped-def]
    assert gzip.decompress(pack(content)) == content


def test_the_same_batch_is_packed_to_the_same_bytes() -> None:
    batch = b'{"messageId":"m1"}' * 1_000

    assert gzipped(batch) == gzipped(batch)
    assert len(gzipped(batch)) < len(batch) / 20
