"""Inputs are kept for replays only and repeat themselves a lot, so they are kept small."""

import zlib


def packed(content: bytes | None) -> bytes | None:
    return zlib.compress(content, level=1) if content is not None else None


def unpacked(content: bytes | memoryview | None) -> bytes | None:
    return zlib.decompress(content) if content is not None else None
