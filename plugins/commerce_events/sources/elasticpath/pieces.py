"""A page of a list cut into its documents, each parsed when its turn comes.

Parsed at once, a page is five megabytes of small objects, more than a processor keeps at hand: when a
record's turn comes, its own are fetched from memory again. Cut, an order is read in three quarters of the
time, and pages that wait for their turn are text.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypedDict

import orjson
from msgspec import DecodeError, Raw, Struct, field
from msgspec.json import Decoder

from commerce_events.sources.elasticpath.broken import parsed
from commerce_events.sources.elasticpath.nodes import Node


class _Meta(TypedDict, total=False):
    timestamps: Any


class _Row(TypedDict, total=False):
    """What a list must know of a document to be walked."""

    id: Any
    email: Any
    meta: _Meta


class _Item(TypedDict, total=False):
    id: Any


class Piece(NamedTuple):
    """One document as it was sent. `head`: what could be read of its head, of a document of any shape."""

    head: Any
    content: bytes | Raw

    @classmethod
    def of(cls, document: Any) -> "Piece":
        """What cannot be read in it is left as it is, for whoever parses it to meet."""
        content = json.dumps(document).encode()
        return cls(_legible(document), content)

    def parsed(self) -> Any:
        """A document of its own for each who asks. Raises ValueError where it is no JSON after all."""
        return orjson.loads(memoryview(self.content))


class Pieces(Mapping[str, Any]):
    """Documents by id, each parsed when it is asked for."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = {Node(piece.head).text_at("id"): piece for piece in pieces}

    def __getitem__(self, name: str) -> Any:
        return self._pieces[name].parsed()

    def __contains__(self, name: object) -> bool:
        return name in self._pieces

    def __iter__(self) -> Iterator[str]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)


class CutPage(NamedTuple):
    """`total` counts all that the list holds, where the store says so."""

    rows: list[Piece]
    items: list[Piece]
    total: int | None


def cut(content: bytes) -> CutPage | None:
    """None for what is no JSON object."""
    try:
        page = _PAGE.decode(content)
    except (*_UNREAD, RecursionError):
        return _cut_apart(content)
    rows = [_piece(each, _ROW) for each in page.data]
    items = [_piece(each, _ITEM) for each in page.included.items]
    return CutPage(rows, items, _total(page.meta))


class _Included(Struct):
    items: list[Raw] = []


class _Page(Struct):
    data: list[Raw] = []
    included: _Included = field(default_factory=_Included)
    meta: Any = None


# Another shape than the type's, a half of a character, and a byte that is no UTF-8.
_UNREAD = (DecodeError, UnicodeDecodeError)

_PAGE, _ROW, _ITEM = Decoder(_Page), Decoder(_Row), Decoder(_Item)


def _piece(content: Raw, head: Decoder[Any]) -> Piece:
    try:
        return Piece(head.decode(content), content)
    except _UNREAD:
        return _read_anyhow(bytes(content))


def _read_anyhow(content: bytes) -> Piece:
    """A document of another shape, or with a broken text in its head: whoever parses it will say so."""
    try:
        return Piece(_legible(parsed(content)), content)
    except (ValueError, RecursionError):
        return Piece(None, content)


def _cut_apart(content: bytes) -> CutPage | None:
    """A page of another shape than the store documents, or with half a character in one of its documents, at
    the price of parsing it.
    """
    try:
        page = Node(parsed(content))
    except (ValueError, RecursionError):
        return None
    if not isinstance(page.value, dict):
        return None
    rows, items = (
        [Piece.of(one.value) for one in each] for each in (page["data"], page.at("included", "items"))
    )
    return CutPage(rows, items, _total(page.value.get("meta")))


def _legible(document: Any) -> Any:
    """What of a document's head can be told: all of it, but for broken texts."""
    if not isinstance(document, dict):
        return document
    head = {name: document[name] for name in _Row.__annotations__ if name in document}
    return {name: value for name, value in head.items() if _is_whole(value)}


def _is_whole(value: Any) -> bool:
    try:
        orjson.loads(json.dumps(value))
    except ValueError:
        return False
    return True


def _total(meta: Any) -> int | None:
    total = Node(meta).at("results", "total").value
    return total if isinstance(total, int) else None
