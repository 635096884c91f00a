"""What commands print: tables and times. Nothing is read as markup, whatever it holds."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

# Where no terminal says how wide it is, as in a file or a pipe, nothing is to be cut off.
WIDE = 200


def console() -> Console:
    found = Console(highlight=False, markup=False, soft_wrap=True)
    return found if found.is_terminal else Console(highlight=False, markup=False, width=WIDE)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A title and its rows; numbers stand to the right. Without rows only the title, saying so."""
    rows = list(rows)
    if not rows:
        console().print(f"{title}: none")
        return
    drawn = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        numbers = all(isinstance(row[place], int) for row in rows)
        drawn.add_column(column, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    console().print(drawn)


def when(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if moment else "never"
