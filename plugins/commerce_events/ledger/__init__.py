"""The metadata database: what was seen, what it meant, and how each message ended."""
