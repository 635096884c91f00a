"""The `commerce-events` command: one module per subcommand, none with logic of its own."""

from commerce_events.cli.app import app

__all__ = ["app"]
