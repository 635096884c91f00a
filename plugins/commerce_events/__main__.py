"""`python -m commerce_events`: the same as the command `commerce-events`."""

from commerce_events.cli import app

if __name__ == "__main__":
    app()
