"""One file per question, each printing a table and writing JSON to benchmarks/results/."""
