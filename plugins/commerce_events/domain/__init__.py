"""The rules: what a record means. Standard library only, no I/O."""
