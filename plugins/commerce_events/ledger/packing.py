"""Inputs are kept for replays only and repeat themselves a lot, so they are kept small."""

try:  # six times as fast
    from isal import isal_zlib as zlib
except ImportError:  # a platform without its wheel
    import zlib  # type: ignore[no-redef]


def packed(content: bytes | None) -> bytes | None:
    return zlib.compress(content, level=1) if content is not None else None


def unpacked(content: bytes | memoryview | None) -> bytes | None:
    return zlib.decompress(content) if content is not None else None
