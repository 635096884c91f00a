"""`make bench`: every question in turn, or those named: `python -m benchmarks whole_path`."""

import sys
from importlib import import_module
from pathlib import Path

QUESTIONS = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if path.stem not in ("__init__", "__main__", "tables")
)

for question in sys.argv[1:] or QUESTIONS:
    import_module(f"benchmarks.{question}").main()
