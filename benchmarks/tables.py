"""Printing a result as a table, and keeping it as JSON beside the machine it was measured on.

Builds of one version of Python differ by a quarter, machines by more: a yardstick stands under each table.
"""

import json
import os
import platform
import sys
import time
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


def yardstick() -> float:
    """Milliseconds of processor time that a loop of plain Python takes at its best, in this interpreter."""
    return min(_loop() for _ in range(5)) * 1000


def _loop() -> float:
    begun, lengths = time.process_time(), dict[str, int]()
    for number in range(100_000):
        name = str(number % 1000)
        lengths[name] = lengths.get(name, 0) + len((name, [number]))
    return time.process_time() - begun


def show(question: str, title: str, rows: Sequence[dict[str, Any]]) -> None:
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        table.add_column(name, justify="left" if name == next(iter(rows[0])) else "right")
    for row in rows:
        table.add_row(
            *(f"{value:,.1f}" if isinstance(value, float) else str(value) for value in row.values())
        )
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "yardstick ms": yardstick(),
    }
    say(
        "{cores} cores, Python {python}, load {load:.1f}, yardstick {yardstick ms:.1f} ms".format_map(machine)
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{question}.json").write_text(json.dumps({"machine": machine, "rows": list(rows)}, indent=2))
