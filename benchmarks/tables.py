"""Printing a result as a table, and keeping it as JSON beside the machine it was measured on."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH = 140  # where there is no terminal to ask
RESULTS = Path(__file__).parent / "results"


def say(text: str) -> None:
    """One line between the tables."""
    Console().print(text, markup=False, highlight=False)


def show(question: str, title: str, rows: Sequence[dict[str, Any]]) -> None:
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        table.add_column(name, justify="left" if name == next(iter(rows[0])) else "right")
    for row in rows:
        table.add_row(
            *(f"{value:,.1f}" if isinstance(value, float) else str(value) for value in row.values())
        )
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{question}.json").write_text(json.dumps({"machine": machine, "rows": list(rows)}, indent=2))
