"""Where messages go, and when a run with messages that did not get there is no good run."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from commerce_events.config.section import Section, Text


class Destination(Section):
    """One receiver.

    `needs_consent`: categories a person must have agreed to. `allow_commands`: events that may leave although
    receivers take them for commands, such as User Deleted. `public_api` is the connection through which what
    arrived is counted; `runs_in_app_version` marks messages with their run, so that counts tell runs apart.
    """

    kind: Literal["segment"] = "segment"
    connection: Text = "segment_default"
    max_age_hours: Annotated[StrictInt, Field(ge=1)] = 72
    needs_consent: tuple[Text, ...] = ()
    allow_commands: tuple[Text, ...] = ()
    public_api: Text = "segment_public_api_default"
    runs_in_app_version: StrictBool = False


class Health(Section):
    """When rows that wait for a person turn a task red, over 24 hours."""

    quarantine_share: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.01
    quarantine_rows: Annotated[StrictInt, Field(ge=1)] = 20
    lag_minutes: Annotated[StrictInt, Field(ge=1)] = 60
    open_gaps: Annotated[StrictInt, Field(ge=0)] = 0
    shortfall_share: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.001
