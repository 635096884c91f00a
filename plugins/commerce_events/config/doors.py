"""Sections about event doors: what may come through them, and when their silence is an alarm."""

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from commerce_events.config.section import Section, Text


class Events(Section):
    """`expected`: the store announces what happens, so that polls should find nothing new by themselves."""

    expected: StrictBool = False
    silence_minutes: Annotated[StrictInt, Field(ge=1)] = 15
    silence_share: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.1
    silence_changes: Annotated[StrictInt, Field(ge=1)] = 5


class Queue(Section):
    """An SQS queue that the store writes to. `connection` is Airflow's, of type aws."""

    url: Annotated[Text, Field(pattern=r"^https?://[^/\s]+/\S+$")]
    connection: Text = "aws_default"
