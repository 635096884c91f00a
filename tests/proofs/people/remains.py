"""What is left of somebody: in rows, in files down to the byte, and in what is packed inside them."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import metadata

SLICE = 24  # bytes of a packed text that are nobody else's


def rows(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """Everything the ledger holds, table by table."""
    with ledger.engine.connect() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


def files(ledger: Ledger) -> bytes:
    """Every byte of an SQLite ledger: the database, its write-ahead log, and the log's index."""
    path = ledger.engine.url.database
    if ledger.engine.dialect.name != "sqlite" or path is None:
        return b""
    return b"".join(each.read_bytes() for each in sorted(Path(path).parent.glob(f"{Path(path).name}*")))


def found(ledger: Ledger, words: Iterable[str]) -> set[str]:
    """Which of these words stand anywhere, in whatever case; packed texts are unpacked first."""
    plain = files(ledger) + b"\n".join(
        text for table in rows(ledger).values() for row in table for text in _texts(row)
    )
    return within(plain, words)


def within(plain: bytes, words: Iterable[str]) -> set[str]:
    lower = plain.lower()
    return {word for word in words if any(form in lower for form in _forms(word))}


def packed(ledger: Ledger) -> set[bytes]:
    """Pieces of every packed text that the ledger holds."""
    return {piece for row in rows(ledger)["payload"] for piece in _pieces(bytes(row[-1] or b""))}


def packed_whole(ledger: Ledger) -> bytes:
    """Every packed text that the ledger holds, one behind the other."""
    return b"".join(bytes(row[-1] or b"") for row in rows(ledger)["payload"])


def said(*answers: Any) -> bytes:
    """Reports as they would be printed."""
    return repr(
        [asdict(one) if is_dataclass(one) and not isinstance(one, type) else one for one in answers]
    ).encode()


def _texts(row: Iterable[Any]) -> Iterator[bytes]:
    for value in row:
        if isinstance(value, bytes | memoryview):
            yield from _unpacked(bytes(value))
        else:
            yield str(value).encode()


def _unpacked(value: bytes) -> Iterator[bytes]:
    yield value
    try:
        yield zlib.decompress(value)
    except zlib.error:
        return


def _forms(word: str) -> set[bytes]:
    """As text, and as JSON that writes nothing but ASCII."""
    lower = word.lower()
    return {lower.encode(), lower.encode("unicode_escape").lower()}


def _pieces(value: bytes) -> Iterator[bytes]:
    yield from (value[start : start + SLICE] for start in range(0, len(value) - SLICE, SLICE))
