"""Inputs are kept for replays only and repeat themselves a lot, so they are kept small."""

try:  # ten times as fast, and its lowest level packs as zlib's first does; zlib's own lowest does not pack
    from isal import isal_zlib as zlib

    LEVEL = 0
except ImportError:  # a platform without its wheel
    import zlib  # type: ignore[no-redef]

    LEVEL = 1


def packed(content: bytes) -> bytes:
    made: bytes = zlib.compress(content, level=LEVEL)
    return made


def unpacked(content: bytes | memoryview | None) -> bytes | None:
    return zlib.decompress(content) if content is not None else None
