"""`make bench`: every question in turn, or those named: `python -m benchmarks whole_path`."""

import sys
from importlib import import_module

QUESTIONS = ("templates", "send", "whole_path", "ledger", "backfill", "reconcile", "events")

for question in sys.argv[1:] or QUESTIONS:
    import_module(f"benchmarks.{question}").main()
