"""How long things are kept. Ids, states and counts are kept for ever, whatever stands here."""

from typing import Annotated

from pydantic import Field, StrictInt

from commerce_events.config.section import Section

Days = Annotated[StrictInt, Field(ge=1)]


class Retention(Section):
    """In days. `bodies` of what was sent or filtered, `waiting` of what waits for a person."""

    bodies: Days = 30
    waiting: Days = 90
    batches: Days = 30
    rejects: Days = 90
    settled: Days = 7
