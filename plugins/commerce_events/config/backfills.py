"""How backfills go about it, where whoever starts one does not say."""

from typing import Annotated

from pydantic import Field, StrictInt

from commerce_events.config.section import Name, Section


class Backfills(Section):
    """`window`: records that one task reads. `integrations`: the preset that says who may see them. `share`:
    of the configured rates. `approval_above`: messages above which a person must agree; none: nobody need.
    """

    window: Annotated[StrictInt, Field(ge=100, le=8_000)] = 5_000
    integrations: Name = "quiet"
    share: Annotated[float, Field(strict=True, gt=0, le=1)] = 0.5
    fence_hours: Annotated[StrictInt, Field(ge=0)] = 72
    approval_above: Annotated[StrictInt, Field(ge=0)] | None = None
