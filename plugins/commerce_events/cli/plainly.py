"""How a command that cannot do its work says so: one readable message, no traceback."""

from typing import Any

import typer
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup

from commerce_events.domain.errors import CommerceEventsError
from commerce_events.ledger.database import trouble

FINDINGS = 1  # the command did its work, and found something
CANNOT = 2  # the command could not do its work


class Plainly(TyperGroup):
    """Our own errors are written to be read. Anything else is a bug of ours and keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CommerceEventsError as error:
            said = str(error)
        except DBAPIError as error:
            said = trouble(error)
        typer.echo(said, err=True)
        raise typer.Exit(CANNOT)
