"""Where messages go, and when a run with messages that did not get there is no good run."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from commerce_events.config.section import Section, Text


class Destination(Section):
    """One receiver. A shadow gets everything and tells nobody: it writes files into `folder`, or sends to the
    test source that `connection` names.

    `needs_consent`: categories a person must have agreed to. `allow_commands`: events that may leave although
    receivers take them for commands, such as User Deleted. `senders`: batches on their way at once.
    `public_api` is the connection through which what arrived is counted; `runs_in_app_version` marks messages
    with their run, so that counts tell runs apart.
    """

    kind: Literal["segment", "shadow"] = "segment"
    connection: Text = "segment_default"
    folder: Text | None = None
    max_age_hours: Annotated[StrictInt, Field(ge=1)] = 72
    senders: Annotated[StrictInt, Field(ge=1, le=16)] = 4
    needs_consent: tuple[Text, ...] = ()
    allow_commands: tuple[Text, ...] = ()
    public_api: Text = "segment_public_api_default"
    runs_in_app_version: StrictBool = False

    @property
    def speaks(self) -> Literal["segment"]:
        """Whose contracts its messages keep."""
        return "segment"

    @property
    def is_shadow(self) -> bool:
        return self.kind == "shadow"

    @model_validator(mode="after")
    def _shadow_says_where(self) -> "Destination":
        if self.is_shadow and (self.folder is None) == ("connection" not in self.model_fields_set):
            raise PydanticCustomError(
                "shadow", "a shadow needs either a folder for its files or the connection of a test source"
            )
        if not self.is_shadow and self.folder is not None:
            raise PydanticCustomError("folder", "only a shadow writes files: kind = 'shadow'")
        return self


class Health(Section):
    """When rows that wait for a person turn a task red, over 24 hours."""

    quarantine_share: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.01
    quarantine_rows: Annotated[StrictInt, Field(ge=1)] = 20
    lag_minutes: Annotated[StrictInt, Field(ge=1)] = 60
    open_gaps: Annotated[StrictInt, Field(ge=0)] = 0
    shortfall_share: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.001
