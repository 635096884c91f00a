"""Keeps Segment true to a store: records in, facts derived, messages delivered, every one accounted for."""

__version__ = "0.1.0"
